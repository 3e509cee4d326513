#include "Floors.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
  char *bytes;
  size_t count;
};

static size_t append(char *data, size_t size, size_t count, void *context) {
  struct text *text = context;
  char *grown = realloc(text->bytes, text->count + size * count + 1);
  if (grown == NULL) return 0;
  text->bytes = grown;
  memcpy(text->bytes + text->count, data, size * count);
  text->count += size * count;
  text->bytes[text->count] = 0;
  return size * count;
}

/// Posts `body`; what comes back is in `answer`, until the next call.
static void post(CURL *curl, const char *url, const char *body, struct text *answer) {
  answer->count = 0;
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
  CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    fprintf(stderr, "%s: %s\n", url, curl_easy_strerror(code));
    exit(1);
  }
}

static CURL *connection(void) {
  CURL *curl = curl_easy_init();
  if (curl == NULL) exit(1);
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, curl_slist_append(headers, "Expect:"));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  return curl;
}

struct bot {
  sqlite3 *db;
  sqlite3_stmt *balance;
  CURL *sending;
  char url[256];
  struct text answer;
};

static void answer_with_balance(struct bot *bot, int64_t person) {
  check(sqlite3_bind_int64(bot->balance, 1, person), bot->db);
  int step = sqlite3_step(bot->balance);
  check(step, bot->db);
  int64_t micro = step == SQLITE_ROW ? sqlite3_column_int64(bot->balance, 0) : 0;
  int64_t held = step == SQLITE_ROW ? sqlite3_column_int64(bot->balance, 1) : 0;
  check(sqlite3_reset(bot->balance), bot->db);
  char body[256];
  snprintf(
      body, sizeof body,
      "{\"chat_id\":%" PRId64 ",\"text\":\"You have %.2f credits, %.2f of them are held.\"}",
      person, (double)micro / 1e6, (double)held / 1e6);
  post(bot->sending, bot->url, body, &bot->answer);
}

int run_bot(const char *url, const char *database) {
  sqlite3 *db = open_database(database, SQLITE_OPEN_READONLY);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  struct bot bot = {
      .db = db,
      .balance = prepare(
          db,
          "SELECT credit_balance_micro, credit_held_micro FROM users WHERE telegram_user_id = ?"),
      .sending = connection(),
  };
  sqlite3_stmt *messages = prepare(
      db,
      "SELECT value ->> '$.update_id', value ->> '$.message.from.id', value ->> '$.message.text' "
      "FROM json_each(?, '$.result')");
  char poll_url[256], body[128];
  snprintf(poll_url, sizeof poll_url, "%s/bot1:bench/getUpdates", url);
  snprintf(bot.url, sizeof bot.url, "%s/bot1:bench/sendMessage", url);
  CURL *polling = connection();
  struct text updates = {0};
  int64_t offset = 0;
  while (1) {
    snprintf(body, sizeof body, "{\"offset\":%" PRId64 ",\"timeout\":50}", offset);
    post(polling, poll_url, body, &updates);
    check(sqlite3_bind_text(messages, 1, updates.bytes, (int)updates.count, SQLITE_STATIC), db);
    int step;
    while ((step = sqlite3_step(messages)) == SQLITE_ROW) {
      offset = sqlite3_column_int64(messages, 0) + 1;
      int64_t person = sqlite3_column_int64(messages, 1);
      const char *text = (const char *)sqlite3_column_text(messages, 2);
      if (text == NULL || strcmp(text, "/credits") != 0) continue;
      answer_with_balance(&bot, person);
    }
    check(step, db);
    check(sqlite3_reset(messages), db);
  }
}
