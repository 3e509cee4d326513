extension DemoStory {
  static let toDoList = DemoStory(
    title: "To-do list for the terminal",
    words: ["todo", "task", "tasks", "list", "lists", "remember", "reminder", "notes"],
    questions: """
      {"questions": [
        {"text": "Where should the list be kept?",
         "answers": ["In my home folder", "In the current folder"]},
        {"text": "What happens to items that are done?",
         "answers": ["They stay, ticked off", "They go away"]}]}
      """,
    plan: #"""
      {"title": "To-do list for the terminal",
       "purpose": "A program that adds items to a list, shows them and ticks them off. {demo}",
       "stack": ["python3"],
       "files": [
         {"path": "store.py", "purpose": "keeps the items in a JSON file",
          "names": ["load(path)", "save(path, items)"], "lines": 22},
         {"path": "test_store.py", "purpose": "tests of the file", "names": [], "lines": 22},
         {"path": "todo.py", "purpose": "the commands", "names": ["run(arguments, file)"],
          "lines": 55},
         {"path": "test_todo.py", "purpose": "tests of the commands", "names": [], "lines": 35}],
       "tasks": [
         {"title": "Keep items in a file", "files": ["store.py", "test_store.py"],
          "outcome": "items that were saved are there again",
          "command": "python3 -m unittest -q test_store"},
         {"title": "Add, list and tick off", "files": ["todo.py", "test_todo.py"],
          "outcome": "each command does what its help says", "command": "python3 -m unittest -q"},
         {"title": "Remove items", "files": ["todo.py", "test_todo.py"],
          "outcome": "an item can be removed by its number",
          "command": "python3 -m unittest -q && TODO_FILE=list.json python3 todo.py add milk"}],
       "run_command": "python3 todo.py add \"buy milk\" && python3 todo.py list",
       "test_command": "python3 -m unittest"}
      """#,
    tasks: [keeping, commands, removal],
    summary: "A to-do list that adds, shows, ticks off and removes items, and tests of all that.")

  private static let keeping = Task(
    note: "I wrote the file that keeps the items, and its tests.",
    files: [
      (
        "store.py",
        #"""
        """Keeps the items of a list in a JSON file."""

        import json
        import os


        def load(path):
            """The items, oldest first; none if there is no file yet."""
            try:
                with open(path, encoding="utf-8") as file:
                    return json.load(file)
            except FileNotFoundError:
                return []


        def save(path, items):
            """Writes all items; whatever happens, the old file or the new one is there."""
            with open(f"{path}.new", "w", encoding="utf-8") as file:
                json.dump(items, file, ensure_ascii=False, indent=2)
            os.replace(f"{path}.new", path)
        """#
      ),
      (
        "test_store.py",
        #"""
        import os
        import tempfile
        import unittest

        from store import load, save


        class StoreTests(unittest.TestCase):
            def setUp(self):
                self.folder = tempfile.TemporaryDirectory()
                self.addCleanup(self.folder.cleanup)
                self.path = os.path.join(self.folder.name, "list.json")

            def test_nothing_is_there_at_first(self):
                self.assertEqual(load(self.path), [])

            def test_what_was_saved_is_there_again(self):
                items = [{"text": "café", "done": False}]
                save(self.path, items)
                self.assertEqual(load(self.path), items)
        """#
      ),
    ])

  private static let commands = Task(
    note: "I wrote the commands, and a test of each.",
    files: [("todo.py", program), ("test_todo.py", tests)],
    mistake: Mistake(
      path: "todo.py", right: "    return items[int(word) - 1]",
      wrong: "    return items[int(word)]",
      note: """
        The list is numbered from 1 and Python counts from 0, so `done` took the item after the \
        one that was meant.
        """))

  private static let program = #"""
    #!/usr/bin/env python3
    """A to-do list for the terminal."""

    import os
    import sys

    from store import load, save

    USAGE = """usage:
      todo.py add TEXT       add an item
      todo.py list           show all items
      todo.py done NUMBER    tick an item off"""


    def pick(items, word):
        """The item of that number, as the list shows it."""
        if not word.isdecimal() or not 1 <= int(word) <= len(items):
            raise ValueError(f"There is no item {word}.")
        return items[int(word) - 1]


    def show(items):
        lines = []
        for number, item in enumerate(items, start=1):
            mark = "x" if item["done"] else " "
            lines.append(f"{number}. [{mark}] {item['text']}")
        return "\n".join(lines) or "Nothing to do."


    def run(arguments, file):
        """Does one command, and returns what to print."""
        items = load(file)
        command, *words = arguments or ["list"]
        if command == "add" and words:
            items.append({"text": " ".join(words), "done": False})
            answer = f"Added as number {len(items)}."
        elif command == "list" and not words:
            return show(items)
        elif command == "done" and len(words) == 1:
            item = pick(items, words[0])
            item["done"] = True
            answer = f"Done: {item['text']}"
        else:
            raise ValueError(USAGE)
        save(file, items)
        return answer


    if __name__ == "__main__":
        try:
            usual = os.path.expanduser("~/.todo.json")
            print(run(sys.argv[1:], os.environ.get("TODO_FILE", usual)))
        except ValueError as problem:
            sys.exit(str(problem))
    """#

  private static let tests = #"""
    import os
    import tempfile
    import unittest

    from todo import run


    class CommandTests(unittest.TestCase):
        def setUp(self):
            self.folder = tempfile.TemporaryDirectory()
            self.addCleanup(self.folder.cleanup)
            self.file = os.path.join(self.folder.name, "list.json")

        def run_all(self, *commands):
            for command in commands:
                answer = run(command.split(), self.file)
            return answer

        def test_items_are_added_and_listed(self):
            shown = self.run_all("add buy milk", "add sleep", "list")
            self.assertEqual(shown, "1. [ ] buy milk\n2. [ ] sleep")

        def test_the_item_of_that_number_is_ticked_off(self):
            shown = self.run_all("add milk", "add sleep", "add run", "done 2", "list")
            self.assertEqual(shown, "1. [ ] milk\n2. [x] sleep\n3. [ ] run")

        def test_numbers_that_are_not_there_are_refused(self):
            for word in ["0", "2", "x"]:
                with self.assertRaises(ValueError):
                    self.run_all("add milk", f"done {word}")
                self.setUp()

        def test_the_list_may_be_empty(self):
            self.assertEqual(run([], self.file), "Nothing to do.")
    """#

  private static let removal = Task(
    note: "I added `remove`, and a test of it.",
    edits: [
      Edit(
        path: "todo.py", search: #"  todo.py done NUMBER    tick an item off""""#,
        replace: #"""
            todo.py done NUMBER    tick an item off
            todo.py remove NUMBER  take an item away"""
          """#),
      Edit(
        path: "todo.py",
        search: #"""
                  answer = f"Done: {item['text']}"
          """#,
        replace: #"""
                  answer = f"Done: {item['text']}"
              elif command == "remove" and len(words) == 1:
                  item = pick(items, words[0])
                  items.remove(item)
                  answer = f"Removed: {item['text']}"
          """#),
      Edit(
        path: "test_todo.py", search: "    def test_the_list_may_be_empty(self):",
        replace: #"""
              def test_the_item_of_that_number_is_removed(self):
                  shown = self.run_all("add milk", "add sleep", "remove 1", "list")
                  self.assertEqual(shown, "1. [ ] sleep")

              def test_the_list_may_be_empty(self):
          """#),
    ])
}
