// libedit's setters are variadic, which Swift does not import: each wrapper below fixes the types of
// the arguments.
#ifndef AIDEVBOT_CEDIT_SHIM_H
#define AIDEVBOT_CEDIT_SHIM_H

#include <histedit.h>
#include <stddef.h>
#include <stdio.h>
#include <wchar.h>

typedef char *(*cedit_prompt)(EditLine *editor);
typedef int (*cedit_read)(EditLine *editor, wchar_t *character);
typedef unsigned char (*cedit_function)(EditLine *editor, int character);

static inline EditLine *cedit_start(const char *program, int input, int output) {
  FILE *in = fdopen(input, "r");
  FILE *out = fdopen(output, "w");
  return in && out ? el_init(program, in, out, out) : NULL;
}

static inline int cedit_set_context(EditLine *editor, void *context) {
  return el_set(editor, EL_CLIENTDATA, context);
}

static inline void *cedit_context(EditLine *editor) {
  void *context = NULL;
  return el_get(editor, EL_CLIENTDATA, &context) == 0 ? context : NULL;
}

static inline int cedit_set_prompt(EditLine *editor, cedit_prompt prompt) {
  return el_set(editor, EL_PROMPT, prompt);
}

static inline int cedit_set_read(EditLine *editor, cedit_read read) {
  return el_set(editor, EL_GETCFN, read);
}

static inline int cedit_set_flag(EditLine *editor, int operation, int value) {
  return el_set(editor, operation, value);
}

static inline int cedit_set_editor(EditLine *editor, const char *name) {
  return el_set(editor, EL_EDITOR, name);
}

static inline int cedit_bind(EditLine *editor, const char *key, const char *function) {
  return el_set(editor, EL_BIND, key, function, NULL);
}

static inline int cedit_add_function(EditLine *editor, const char *name, cedit_function function) {
  return el_set(editor, EL_ADDFN, name, name, function);
}

// Of `mode`, which is -d while a line is edited and -x otherwise.
static inline int cedit_set_terminal(EditLine *editor, const char *mode, const char *change) {
  return el_set(editor, EL_SETTY, mode, change, NULL);
}

static inline int cedit_refresh(EditLine *editor) {
  return el_set(editor, EL_REFRESH);
}

static inline int cedit_use_history(EditLine *editor, History *lines) {
  return el_set(editor, EL_HIST, history, lines);
}

static inline int cedit_history_limit(History *lines, int count) {
  HistEvent event;
  return history(lines, &event, H_SETSIZE, count);
}

static inline int cedit_history_unique(History *lines) {
  HistEvent event;
  return history(lines, &event, H_SETUNIQUE, 1);
}

static inline int cedit_history_add(History *lines, const char *line) {
  HistEvent event;
  return history(lines, &event, H_ENTER, line);
}

static inline int cedit_history_clear(History *lines) {
  HistEvent event;
  return history(lines, &event, H_CLEAR);
}

#endif
