extension DemoStory {
  static let page = DemoStory(
    title: "Web page",
    words: [
      "page", "pages", "site", "website", "web", "html", "css", "landing", "portfolio", "blog",
      "homepage", "browser",
    ],
    questions: """
      {"questions": [
        {"text": "Which look should the page have?",
         "answers": ["Light and calm", "Dark", "As the visitor's system"]}]}
      """,
    plan: #"""
      {"title": "Web page",
       "purpose": "A page for a small business, of plain HTML and CSS. {demo}",
       "stack": ["HTML", "CSS", "python3 for its check"],
       "files": [
         {"path": "index.html", "purpose": "the page", "names": ["#hours", "#contact"],
          "lines": 40},
         {"path": "style.css", "purpose": "its look", "names": ["main", "nav"], "lines": 35},
         {"path": "check.py", "purpose": "finds links that lead nowhere, and tags left open",
          "names": ["problems(folder)"], "lines": 45}],
       "tasks": [
         {"title": "Write the page and its check", "files": ["index.html", "style.css", "check.py"],
          "outcome": "all links of the page lead somewhere, and all tags are closed",
          "command": "python3 check.py"},
         {"title": "Make it fit small screens", "files": ["index.html", "style.css"],
          "outcome": "the page fits a telephone",
          "command": "python3 check.py && grep -q viewport index.html"}],
       "run_command": "python3 -m http.server 8000",
       "test_command": "python3 check.py"}
      """#,
    tasks: [
      Task(
        note: "I wrote the page, its look, and a check of its links and tags.",
        files: [("index.html", html), ("style.css", css), ("check.py", check)],
        mistake: Mistake(
          path: "index.html", right: #"  <link rel="stylesheet" href="style.css">"#,
          wrong: #"  <link rel="stylesheet" href="styles.css">"#,
          note: "The page asked for styles.css, and the file is style.css.")),
      Task(
        note: "The page now takes the width of the screen, and its links stand below each other.",
        edits: [
          Edit(
            path: "index.html", search: #"  <meta charset="utf-8">"#,
            replace: """
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
              """),
          Edit(
            path: "style.css",
            search: """
              footer {
                color: gray;
              }
              """,
            replace: """
              footer {
                color: gray;
              }

              @media (max-width: 30rem) {
                nav a {
                  display: block;
                }
              }
              """),
        ]),
    ],
    summary: "A page with its look for large and small screens, and a check of its links.")

  private static let html = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
      <meta charset="utf-8">
      <title>The Corner Bakery</title>
      <link rel="stylesheet" href="style.css">
    </head>
    <body>
      <main>
        <h1>The Corner Bakery</h1>
        <nav>
          <a href="#hours">Opening hours</a>
          <a href="#contact">Contact</a>
        </nav>
        <p>Bread from our own oven, every morning since 1987.</p>
        <section id="hours">
          <h2>Opening hours</h2>
          <p>Monday to Saturday, 6:30 to 18:00.</p>
        </section>
        <section id="contact">
          <h2>Contact</h2>
          <p>Come in, or write to us: <a href="mailto:hello@example.com">hello@example.com</a></p>
        </section>
      </main>
      <footer>
        <p>Made by a demo: replace these words by your own.</p>
      </footer>
    </body>
    </html>
    """

  private static let css = """
    :root {
      color-scheme: light dark;
    }

    body {
      font: 1.1rem/1.5 system-ui, sans-serif;
      margin: 0;
      padding: 1rem;
    }

    main,
    footer {
      max-width: 40rem;
      margin: 0 auto;
    }

    nav a {
      margin-right: 1rem;
    }

    footer {
      color: gray;
    }
    """

  private static let check = #"""
    #!/usr/bin/env python3
    """Finds links of the page that lead nowhere, and tags that are left open."""

    import os
    import sys
    from html.parser import HTMLParser

    ALONE = {"br", "hr", "img", "input", "link", "meta"}


    class Page(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open, self.ids, self.links, self.problems = [], set(), [], []

        def handle_starttag(self, tag, attributes):
            if tag not in ALONE:
                self.open.append(tag)
            for name, value in attributes:
                if name == "id":
                    self.ids.add(value)
                elif name in ("href", "src"):
                    self.links.append(value)

        def handle_endtag(self, tag):
            if not self.open or self.open.pop() != tag:
                self.problems.append(f"</{tag}> closes nothing")


    def problems(folder):
        page = Page()
        with open(os.path.join(folder, "index.html"), encoding="utf-8") as file:
            page.feed(file.read())
        found = page.problems + [f"<{tag}> is left open" for tag in page.open]
        for link in page.links:
            if link.startswith("#") and link[1:] not in page.ids:
                found.append(f"{link} is nowhere on the page")
            elif ":" not in link and not link.startswith("#"):
                if not os.path.exists(os.path.join(folder, link)):
                    found.append(f"{link} is no file")
        return found


    if __name__ == "__main__":
        found = problems(os.path.dirname(os.path.abspath(__file__)))
        print("\n".join(found) or "All links and tags are right.")
        sys.exit(1 if found else 0)
    """#
}
