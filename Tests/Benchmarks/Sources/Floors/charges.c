#include "Floors.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// The statements that write in CreditHoldService.take and settle, in the same transactions: what a
// charge is in rows. Of what is read there, the balance alone.

enum { people = 64, held = 1000000, charge = 232500 };

struct statements {
  sqlite3 *db;
  sqlite3_stmt *begin, *commit;
  sqlite3_stmt *raise, *hold;
  sqlite3_stmt *finish, *lower, *usage, *balance, *move, *journal;
  char now[32];
};

static struct statements prepare_all(sqlite3 *db) {
  return (struct statements){
      .db = db,
      .begin = prepare(db, "BEGIN IMMEDIATE"),
      .commit = prepare(db, "COMMIT"),
      .raise = prepare(
          db,
          "UPDATE users SET credit_held_micro = credit_held_micro + ?1, updated_at = ?2 "
          "WHERE id = ?3 AND credit_balance_micro - credit_held_micro >= ?1"),
      .hold = prepare(
          db,
          "INSERT INTO credit_holds (id, user_id, project_id, amount_micro, task_type, "
          "model_provider, model_name, model_pricing_id, input_tokens_estimate, "
          "output_tokens_cap, sent_at, created_at, deadline_at, build_id, markup) VALUES "
          "(?1, ?3, NULL, ?4, 'chat', 'google', 'gemini-2.5-flash', 1, 1000, 4096, ?2, ?2, ?2, "
          "NULL, NULL)"),
      .finish = prepare(
          db, "UPDATE credit_holds SET state = 'settled', finished_at = ?2 WHERE id = ?1"),
      .lower = prepare(
          db,
          "UPDATE users SET credit_held_micro = credit_held_micro - ?1, updated_at = ?2 "
          "WHERE id = ?3"),
      .usage = prepare(
          db,
          "INSERT INTO api_key_usage (project_id, user_id, hold_id, api_key_identifier, "
          "model_provider, model_name, task_type, input_tokens_used, output_tokens_used, "
          "cached_input_tokens, reasoning_tokens, images_processed, actual_cost_nanousd, "
          "actual_cost_usd, table_cost_usd, reported_cost_usd, credit_value_usd, markup, "
          "forgiven_micro, is_estimate, response_time_ms, model_pricing_id, "
          "provider_request_id, charged_to, created_at, loss_nanousd, loss_cause, lost_at, "
          "charge_limit_micro, cache_write_tokens) VALUES (NULL, ?3, ?1, '…abcd', 'google', "
          "'gemini-2.5-flash', 'chat', 1000, 500, 0, 0, 0, 1550000, '0.00155', '0.00155', NULL, "
          "'0.01', '1.5', 0, 0, 900, 1, 'request-of-the-provider', 'user', ?2, 0, NULL, NULL, "
          "NULL, 0)"),
      .balance = prepare(db, "SELECT credit_balance_micro FROM users WHERE id = ?"),
      .move = prepare(
          db, "UPDATE users SET credit_balance_micro = ?1, updated_at = ?2 WHERE id = ?3"),
      .journal = prepare(
          db,
          "INSERT INTO credit_transactions (user_id, project_id, api_key_usage_id, hold_id, "
          "referred_user_id, transaction_type, credits_amount_micro, balance_after_micro, "
          "real_cost_associated_nanousd, external_transaction_id, idempotency_key, description, "
          "created_at) VALUES (?3, NULL, ?4, ?1, NULL, 'usage_deduction', ?5, ?6, 1550000, NULL, "
          "'settle:' || ?1, 'chat', ?2)"),
  };
}

static void run(struct statements *all, sqlite3_stmt *statement) {
  check(sqlite3_step(statement), all->db);
  check(sqlite3_reset(statement), all->db);
}

static void bind_time(struct statements *all, sqlite3_stmt *statement) {
  check(sqlite3_bind_text(statement, 2, all->now, -1, SQLITE_STATIC), all->db);
}

static void bind_id(struct statements *all, sqlite3_stmt *statement, const char *id) {
  check(sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC), all->db);
  bind_time(all, statement);
}

static void begin(struct statements *all) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  struct tm parts;
  gmtime_r(&time.tv_sec, &parts);
  size_t count = strftime(all->now, sizeof all->now, "%Y-%m-%d %H:%M:%S", &parts);
  snprintf(all->now + count, sizeof all->now - count, ".%03ld", time.tv_nsec / 1000000);
  run(all, all->begin);
}

static void take_hold(struct statements *all, long number) {
  char id[32];
  snprintf(id, sizeof id, "upd%ld:chat:1", number);
  long person = number % people + 1;
  check(sqlite3_bind_int64(all->raise, 1, held), all->db);
  bind_time(all, all->raise);
  check(sqlite3_bind_int64(all->raise, 3, person), all->db);
  run(all, all->raise);
  if (sqlite3_changes(all->db) != 1) {
    fprintf(stderr, "person %ld has too little\n", person);
    exit(1);
  }
  bind_id(all, all->hold, id);
  check(sqlite3_bind_int64(all->hold, 3, person), all->db);
  check(sqlite3_bind_int64(all->hold, 4, held), all->db);
  run(all, all->hold);
}

static void settle(struct statements *all, long number) {
  char id[32];
  snprintf(id, sizeof id, "upd%ld:chat:1", number);
  long person = number % people + 1;
  bind_id(all, all->finish, id);
  run(all, all->finish);
  check(sqlite3_bind_int64(all->lower, 1, held), all->db);
  bind_time(all, all->lower);
  check(sqlite3_bind_int64(all->lower, 3, person), all->db);
  run(all, all->lower);
  bind_id(all, all->usage, id);
  check(sqlite3_bind_int64(all->usage, 3, person), all->db);
  run(all, all->usage);
  sqlite3_int64 usage = sqlite3_last_insert_rowid(all->db);
  check(sqlite3_bind_int64(all->balance, 1, person), all->db);
  check(sqlite3_step(all->balance), all->db);
  sqlite3_int64 balance = sqlite3_column_int64(all->balance, 0) - charge;
  check(sqlite3_reset(all->balance), all->db);
  check(sqlite3_bind_int64(all->move, 1, balance), all->db);
  bind_time(all, all->move);
  check(sqlite3_bind_int64(all->move, 3, person), all->db);
  run(all, all->move);
  bind_id(all, all->journal, id);
  check(sqlite3_bind_int64(all->journal, 3, person), all->db);
  check(sqlite3_bind_int64(all->journal, 4, usage), all->db);
  check(sqlite3_bind_int64(all->journal, 5, -charge), all->db);
  check(sqlite3_bind_int64(all->journal, 6, balance), all->db);
  run(all, all->journal);
}

int run_charges(const char *database, long count, long together) {
  sqlite3 *db = open_database(database, SQLITE_OPEN_READWRITE);
  check(
      sqlite3_exec(
          db,
          "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
          "PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 4194304",
          NULL, NULL, NULL),
      db);
  struct statements all = prepare_all(db);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (long first = 0; first < count; first += together) {
    long next = first + together < count ? first + together : count;
    begin(&all);
    for (long number = first; number < next; number++) take_hold(&all, number);
    run(&all, all.commit);
    begin(&all);
    for (long number = first; number < next; number++) settle(&all, number);
    run(&all, all.commit);
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf(
      "%.6f\n",
      (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
  return 0;
}
