# Makes Debian's changelog of .github/CHANGELOG.md: a section each, the first of which is the package's.
# Variables: version, maintainer, date (of RFC 2822).
function wrap(text, first, indent,    words, count, i, line) {
  count = split(text, words, " ")
  line = first
  for (i = 1; i <= count; i++) {
    if (length(line) + length(words[i]) + 1 > 78 && line != first) {
      print line
      line = indent
    }
    line = line (line == first || line == indent ? "" : " ") words[i]
  }
  if (count) print line
}
function end_item() {
  wrap(item, "  * ", "    ")
  item = ""
}
function end_section() {
  end_item()
  if (open) print "\n -- " maintainer "  " date "\n"
}
/^## / {
  end_section()
  name = open++ ? $2 : version
  # A release bears its day.
  if ($NF ~ /^[0-9]+-[0-9]+-[0-9]+$/) {
    command = "date -R -u -d " $NF
    command | getline date
    close(command)
  }
  print "aidevbot (" name ") bookworm; urgency=medium\n"
  next
}
!open { next }
/^### / {
  end_item()
  if (subsections[open]++) print ""
  print "  [ " substr($0, 5) " ]"
  next
}
/^- / { end_item(); item = substr($0, 3); next }
/^  / { item = item " " substr($0, 3); next }
END { end_section() }
