// What the same work costs in C, without anything that is not needed for it.
#ifndef AIDEVBOT_FLOORS_H
#define AIDEVBOT_FLOORS_H

#include <sqlite3.h>

/// Long-polls Telegram at `url` for ever, and answers each message with the balance of whoever
/// wrote it, by one SELECT and one sendMessage. Stores nothing.
int run_bot(const char *url, const char *database);

/// Makes so many charges, so many of them in a transaction, and prints the seconds that they took.
int run_charges(const char *database, long count, long together);

/// Ends the program unless `code` is one of those that SQLite has for success.
void check(int code, sqlite3 *db);
sqlite3 *open_database(const char *path, int flags);
sqlite3_stmt *prepare(sqlite3 *db, const char *sql);

#endif
