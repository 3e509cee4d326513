extension DemoStory {
  static let wordCounter = DemoStory(
    title: "Word counter",
    words: [
      "word", "words", "count", "counts", "counter", "text", "texts", "frequency", "statistics",
      "letters", "characters",
    ],
    questions: """
      {"questions": [
        {"text": "Which texts should it read?",
         "answers": ["Files that I name", "What is piped in", "Both"]},
        {"text": "What should it show?",
         "answers": ["The most frequent words", "Only how many there are"]}]}
      """,
    plan: #"""
      {"title": "Word counter",
       "purpose": "A program that reads texts and shows their most frequent words. {demo}",
       "stack": ["python3"],
       "files": [
         {"path": "counting.py", "purpose": "counts the words of a text",
          "names": ["count_words(text)", "most_frequent(counts, number)"], "lines": 18},
         {"path": "words.py", "purpose": "the command", "names": ["report(texts, number)"],
          "lines": 30},
         {"path": "test_words.py", "purpose": "tests of both", "names": [], "lines": 30}],
       "tasks": [
         {"title": "Count words", "files": ["counting.py", "test_words.py"],
          "outcome": "words are counted whatever their case and the signs around them",
          "command": "python3 -m unittest -q"},
         {"title": "Read files and show the result", "files": ["words.py", "test_words.py"],
          "outcome": "the most frequent words of the files are shown in a table",
          "command": "python3 -m unittest -q && python3 words.py counting.py"}],
       "run_command": "python3 words.py FILE",
       "test_command": "python3 -m unittest"}
      """#,
    tasks: [
      Task(
        note: "I wrote the counting, and its tests.",
        files: [("counting.py", counting), ("test_words.py", tests)],
        mistake: Mistake(
          path: "counting.py", right: "    return Counter(WORD.findall(text.casefold()))",
          wrong: "    return Counter(WORD.findall(text))",
          note: "“The” and “the” were counted apart, so I count without regard to case.")),
      Task(
        note: "I wrote the command, and a test of its table.", files: [("words.py", command)],
        edits: [
          Edit(
            path: "test_words.py", search: "from counting import count_words, most_frequent",
            replace: """
              from counting import count_words, most_frequent
              from words import report
              """),
          Edit(
            path: "test_words.py",
            search: #"        self.assertEqual(most_frequent(counts, 2), [("b", 3), ("a", 2)])"#,
            replace: #"""
                      self.assertEqual(most_frequent(counts, 2), [("b", 3), ("a", 2)])

                  def test_the_report_is_a_table(self):
                      table = report(["to be or", "not to be"], 2)
                      lines = ["     2  be", "     2  to", "", "6 words, 4 of them different"]
                      self.assertEqual(table.split("\n"), lines)
              """#),
        ]),
    ],
    summary: "A counter that shows the most frequent words of files, and its tests.")

  private static let counting = #"""
    """Counts the words of a text."""

    import re
    from collections import Counter

    # Letters, and what joins them within a word.
    WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


    def count_words(text):
        return Counter(WORD.findall(text.casefold()))


    def most_frequent(counts, number):
        """Pairs of word and count, the most frequent first, then by the alphabet."""
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:number]
    """#

  private static let tests = #"""
    import unittest

    from counting import count_words, most_frequent


    class CountingTests(unittest.TestCase):
        def test_case_does_not_matter(self):
            self.assertEqual(count_words("The cat and the dog")["the"], 2)

        def test_signs_belong_to_no_word(self):
            counts = count_words("Stop! (Don't stop.) 42")
            self.assertEqual(dict(counts), {"stop": 2, "don't": 1})

        def test_an_empty_text_has_none(self):
            self.assertEqual(dict(count_words("")), {})

        def test_the_most_frequent_come_first(self):
            counts = count_words("a b b c a b")
            self.assertEqual(most_frequent(counts, 2), [("b", 3), ("a", 2)])
    """#

  private static let command = #"""
    #!/usr/bin/env python3
    """Shows the most frequent words of files, or of what is piped in."""

    import sys
    from collections import Counter

    from counting import count_words, most_frequent


    def report(texts, number):
        counts = Counter()
        for text in texts:
            counts.update(count_words(text))
        lines = [f"{count:6}  {word}" for word, count in most_frequent(counts, number)]
        total = f"{sum(counts.values())} words, {len(counts)} of them different"
        return "\n".join(lines + ["", total])


    def read(path):
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()


    if __name__ == "__main__":
        try:
            print(report(map(read, sys.argv[1:]) if sys.argv[1:] else [sys.stdin.read()], 10))
        except OSError as problem:
            sys.exit(f"{problem.filename}: {problem.strerror}")
    """#
}
