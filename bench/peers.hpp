// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef BENCH_PEERS_HPP
#define BENCH_PEERS_HPP

// What a value can be kept in besides a slot: databases, each set so that a commit is on the disk when it returns, and otherwise
// as it comes, but for compression, which noise does not gain by. Each is left out where the machine did not have it.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#if defined(PERDURE_BENCH_SQLITE)
#include <sqlite3.h>
#endif
#if defined(PERDURE_BENCH_LMDB)
#include <lmdb.h>

#include <filesystem>
#endif
#if defined(PERDURE_BENCH_ROCKSDB)
#include <rocksdb/c.h>
#endif
#if defined(PERDURE_BENCH_LEVELDB)
#include <leveldb/c.h>
#endif

namespace bench {

[[noreturn]] inline void give_up(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}
inline void need(bool held, const char* what) {
  if (!held) give_up(what);
}

// Replaces one value, in several threads.
class subject {
 public:
  subject() = default;
  subject(const subject&) = delete;
  subject& operator=(const subject&) = delete;
  virtual ~subject() = default;
  // The value, with `number` in it somewhere. It is durable afterwards.
  virtual void commit(std::uint64_t number) = 0;
};

// Noise, which a database cannot make smaller.
inline std::string value_of(std::size_t size) {
  std::string value(size, '\0');
  std::uint64_t state = 88172645463325252ULL;
  for (char& one : value) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    one = static_cast<char>(state >> 24);
  }
  return value;
}
// In each piece of it: SQLite leaves pages alone that are as they were.
inline void mark(std::string& value, std::uint64_t number) {
  for (std::size_t at = 0; at + sizeof(number) <= value.size(); at += 512) std::memcpy(value.data() + at, &number, sizeof(number));
}
// What a thread puts; a peer is not asked to make it anew each time.
inline std::string& marked(std::size_t size, std::uint64_t number) {
  thread_local std::string value;
  if (value.size() != size) value = value_of(size);
  mark(value, number);
  return value;
}

// The least that can be done: the bytes over the old ones, and a sync. A cut may leave anything. As a twin_slot has it, there are
// three places, in turn.
class bare_overwrite : public subject {
 public:
  bare_overwrite(const std::string& directory, std::size_t size) : size_(size), stride_((size + 8191) / 4096 * 4096) {
    file_ = ::open((directory + "/bare").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    need(file_ >= 0, "bare: open");
    const std::string zeros(3 * stride_, '\0');
    need(::pwrite(file_, zeros.data(), zeros.size(), 0) == static_cast<ssize_t>(zeros.size()) && ::fsync(file_) == 0,
         "bare: fill");
  }
  ~bare_overwrite() override { ::close(file_); }
  void commit(std::uint64_t number) override {
    const std::string& value = marked(size_, number);
    const auto at = static_cast<off_t>(turn_++ % 3 * stride_);
    need(::pwrite(file_, value.data(), value.size(), at) == static_cast<ssize_t>(value.size()), "bare: write");
    need(::fdatasync(file_) == 0, "bare: fdatasync");
  }

 private:
  int file_;
  std::size_t size_;
  std::size_t stride_;
  std::uint64_t turn_ = 0;
};

#if defined(PERDURE_BENCH_SQLITE)
// One writer at a time: who waits for a mutex loses less than who waits for SQLite's busy handler, which sleeps.
class sqlite : public subject {
 public:
  sqlite(const std::string& directory, std::size_t size) : size_(size) {
    need(::sqlite3_open((directory + "/sqlite").c_str(), &base_) == SQLITE_OK, "sqlite: open");
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE t (id INTEGER PRIMARY KEY, value BLOB)");
    run("INSERT INTO t VALUES (1, NULL)");
    need(::sqlite3_prepare_v2(base_, "UPDATE t SET value = ? WHERE id = 1", -1, &update_, nullptr) == SQLITE_OK,
         "sqlite: prepare");
  }
  ~sqlite() override {
    ::sqlite3_finalize(update_);
    ::sqlite3_close(base_);
  }
  void commit(std::uint64_t number) override {
    const std::string& value = marked(size_, number);
    const std::lock_guard<std::mutex> lock(mutex_);
    need(::sqlite3_bind_blob(update_, 1, value.data(), static_cast<int>(value.size()), SQLITE_STATIC) == SQLITE_OK,
         "sqlite: bind");
    need(::sqlite3_step(update_) == SQLITE_DONE, "sqlite: step");
    need(::sqlite3_reset(update_) == SQLITE_OK, "sqlite: reset");
  }

 private:
  void run(const char* sql) { need(::sqlite3_exec(base_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql); }
  std::size_t size_;
  ::sqlite3* base_ = nullptr;
  ::sqlite3_stmt* update_ = nullptr;
  std::mutex mutex_;
};
#endif

#if defined(PERDURE_BENCH_LMDB)
class lmdb : public subject {
 public:
  lmdb(const std::string& directory, std::size_t size) : size_(size) {
    std::filesystem::create_directory(directory + "/lmdb");
    need(::mdb_env_create(&env_) == 0 && ::mdb_env_set_mapsize(env_, std::size_t{64} << 20) == 0, "lmdb: create");
    need(::mdb_env_open(env_, (directory + "/lmdb").c_str(), 0, 0666) == 0, "lmdb: open");
    MDB_txn* step = nullptr;
    need(::mdb_txn_begin(env_, nullptr, 0, &step) == 0 && ::mdb_dbi_open(step, nullptr, 0, &table_) == 0, "lmdb: table");
    need(::mdb_txn_commit(step) == 0, "lmdb: commit");
  }
  ~lmdb() override { ::mdb_env_close(env_); }
  void commit(std::uint64_t number) override {
    std::string& value = marked(size_, number);
    char name[] = "value";
    MDB_val key{sizeof(name), name};
    MDB_val data{value.size(), value.data()};
    MDB_txn* step = nullptr;
    need(::mdb_txn_begin(env_, nullptr, 0, &step) == 0, "lmdb: begin");
    need(::mdb_put(step, table_, &key, &data, 0) == 0 && ::mdb_txn_commit(step) == 0, "lmdb: put");
  }

 private:
  std::size_t size_;
  MDB_env* env_ = nullptr;
  MDB_dbi table_ = 0;
};
#endif

#if defined(PERDURE_BENCH_ROCKSDB)
class rocksdb : public subject {
 public:
  rocksdb(const std::string& directory, std::size_t size) : size_(size) {
    rocksdb_options_t* const options = ::rocksdb_options_create();
    ::rocksdb_options_set_create_if_missing(options, 1);
    ::rocksdb_options_set_compression(options, ::rocksdb_no_compression);
    char* why = nullptr;
    base_ = ::rocksdb_open(options, (directory + "/rocksdb").c_str(), &why);
    need(why == nullptr, "rocksdb: open");
    ::rocksdb_options_destroy(options);
    ::rocksdb_writeoptions_set_sync(how_, 1);
  }
  ~rocksdb() override {
    ::rocksdb_close(base_);
    ::rocksdb_writeoptions_destroy(how_);
  }
  void commit(std::uint64_t number) override {
    const std::string& value = marked(size_, number);
    char* why = nullptr;
    ::rocksdb_put(base_, how_, "value", 5, value.data(), value.size(), &why);
    need(why == nullptr, "rocksdb: put");
  }

 private:
  std::size_t size_;
  rocksdb_t* base_ = nullptr;
  rocksdb_writeoptions_t* how_ = ::rocksdb_writeoptions_create();
};
#endif

#if defined(PERDURE_BENCH_LEVELDB)
class leveldb : public subject {
 public:
  leveldb(const std::string& directory, std::size_t size) : size_(size) {
    leveldb_options_t* const options = ::leveldb_options_create();
    ::leveldb_options_set_create_if_missing(options, 1);
    ::leveldb_options_set_compression(options, ::leveldb_no_compression);
    char* why = nullptr;
    base_ = ::leveldb_open(options, (directory + "/leveldb").c_str(), &why);
    need(why == nullptr, "leveldb: open");
    ::leveldb_options_destroy(options);
    ::leveldb_writeoptions_set_sync(how_, 1);
  }
  ~leveldb() override {
    ::leveldb_close(base_);
    ::leveldb_writeoptions_destroy(how_);
  }
  void commit(std::uint64_t number) override {
    const std::string& value = marked(size_, number);
    char* why = nullptr;
    ::leveldb_put(base_, how_, "value", 5, value.data(), value.size(), &why);
    need(why == nullptr, "leveldb: put");
  }

 private:
  std::size_t size_;
  leveldb_t* base_ = nullptr;
  leveldb_writeoptions_t* how_ = ::leveldb_writeoptions_create();
};
#endif

struct named_subject {
  const char* name;
  std::unique_ptr<subject> what;
};

inline void add_databases(std::vector<named_subject>& to, const std::string& directory, std::size_t size) {
  (void)to, (void)directory, (void)size;
#if defined(PERDURE_BENCH_SQLITE)
  to.push_back({"sqlite", std::make_unique<sqlite>(directory, size)});
#endif
#if defined(PERDURE_BENCH_LMDB)
  to.push_back({"lmdb", std::make_unique<lmdb>(directory, size)});
#endif
#if defined(PERDURE_BENCH_ROCKSDB)
  to.push_back({"rocksdb", std::make_unique<rocksdb>(directory, size)});
#endif
#if defined(PERDURE_BENCH_LEVELDB)
  to.push_back({"leveldb", std::make_unique<leveldb>(directory, size)});
#endif
}

}  // namespace bench

#endif  // BENCH_PEERS_HPP
