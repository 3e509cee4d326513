#include "Floors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void check(int code, sqlite3 *db) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  fprintf(stderr, "SQLite: %s\n", sqlite3_errmsg(db));
  exit(1);
}

sqlite3 *open_database(const char *path, int flags) {
  sqlite3 *db = NULL;
  check(sqlite3_open_v2(path, &db, flags, NULL), db);
  check(sqlite3_busy_timeout(db, 10000), db);
  return db;
}

sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
  sqlite3_stmt *statement = NULL;
  check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), db);
  return statement;
}

int main(int count, char **arguments) {
  if (count == 4 && strcmp(arguments[1], "bot") == 0) return run_bot(arguments[2], arguments[3]);
  if (count == 5 && strcmp(arguments[1], "charges") == 0) {
    return run_charges(arguments[2], atol(arguments[3]), atol(arguments[4]));
  }
  fprintf(stderr, "usage: Floors bot URL DATABASE | Floors charges DATABASE COUNT TOGETHER\n");
  return 64;
}
