// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// lsm_checkpoint_rocksdb [TIMES [tools]]: checkpoints of a RocksDB that is written to and compacted meanwhile, each opened as a
// RocksDB; with `tools`, by RocksDB's own tools first, `ldb` and `sst_dump` (Debian: rocksdb-tools).
//
// Exit status 0 only if each of them opened, passed RocksDB's own checks, and held every record below its watermark.

#include <perdure/core/describe.hpp>
#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/verify_checkpoint.hpp>
#include <perdure/fs/posix_fs.hpp>

#include <examples/lsm_checkpoint/rocksdb_source.hpp>
#include <examples/usage.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace {

const std::string root = "lsm_checkpoint_rocksdb.data";

// Each record is one write, and so one number: record n has the number n.
std::string key_of(std::uint64_t number) { return "key " + std::to_string(number); }
std::string value_of(std::uint64_t number) { return std::to_string(number) + std::string(number % 5 == 0 ? 3000 : 10, '.'); }

std::string wrong_with(const std::string& path, std::uint64_t watermark) {
  rocksdb::DB* opened = nullptr;
  // Not read-only: where all tables are of one level, RocksDB 7.8 then finds no value that is in a blob file, of any database.
  const auto status = rocksdb::DB::Open(rocksdb::Options(), path, &opened);
  if (!status.ok()) return "it does not open: " + status.ToString();
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (const auto sound = db->VerifyChecksum(); !sound.ok()) return "RocksDB says: " + sound.ToString();
  for (std::uint64_t number = 1; number < watermark; ++number) {
    std::string value;
    const auto got = db->Get(rocksdb::ReadOptions(), key_of(number), &value);
    if (!got.ok()) return "record " + std::to_string(number) + ": " + got.ToString();
    if (value != value_of(number)) return "record " + std::to_string(number) + " is another one";
  }
  return "";
}

// What a tool says, or nothing where it found something wrong.
std::string said_by(const std::string& command) {
  std::string text;
  std::FILE* const tool = ::popen((command + " 2>&1").c_str(), "r");
  if (tool == nullptr) return "";
  char piece[4096];
  for (std::size_t got = 0; (got = std::fread(piece, 1, sizeof(piece), tool)) != 0;) text.append(piece, got);
  return ::pclose(tool) == 0 ? text : "";
}
// Its command `verify` says that any file is ok; `check` reads every record, and says what it met.
bool is_sound_table(const std::string& path) {
  const std::string said = said_by("sst_dump --command=check --verify_checksum --file=" + path);
  return said.find("Sst file format") != std::string::npos && said.find("Corruption") == std::string::npos;
}
std::string wrong_with_tools(const std::string& path, std::uint64_t watermark) {
  if (said_by("ldb --db=" + path + " checkconsistency").find("OK") == std::string::npos) return "ldb: it is not consistent";
  const std::string listed = said_by("ldb --db=" + path + " dump --count_only");
  const std::size_t counted = listed.find("Keys in range: ");
  if (counted == std::string::npos) return "ldb does not open it";
  if (std::strtoull(listed.c_str() + counted + 15, nullptr, 10) + 1 < watermark) return "ldb: there are fewer records";
  std::size_t tables = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() != ".sst") continue;
    if (!is_sound_table(entry.path().string())) return "sst_dump: " + entry.path().string();
    if (tables++ != 0) continue;
    // And it does find something.
    const std::string altered = root + "/altered.sst";
    std::filesystem::copy_file(entry.path(), altered, std::filesystem::copy_options::overwrite_existing);
    std::FILE* const file = std::fopen(altered.c_str(), "r+");
    if (file == nullptr || std::fseek(file, 20, SEEK_SET) != 0 || std::fputc(0xff, file) == EOF || std::fclose(file) != 0)
      return "a table cannot be altered";
    if (is_sound_table(altered)) return "sst_dump finds nothing in a table that was altered";
  }
  return tables == 0 && watermark > 1 ? "there are no tables" : "";
}

std::string run(int times, bool tools) {
  std::filesystem::create_directories(root);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 64 << 10;
  options.target_file_size_base = 64 << 10;
  options.enable_blob_files = true;
  options.min_blob_size = 1000;
  options.enable_blob_garbage_collection = true;
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open(options, root + "/db", &opened);
  if (!status.ok()) return status.ToString();
  const std::unique_ptr<rocksdb::DB> db(opened);
  perdure::posix_fs fs;
  lsm_checkpoint::rocksdb_source<perdure::posix_fs> source(*db, fs);
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> last = 0;
  std::thread writer([&] {
    for (std::uint64_t number = 1; !stop && number < 50'000; ++number) {
      if (!db->Put(rocksdb::WriteOptions(), key_of(number), value_of(number)).ok()) break;
      last = number;
    }
  });
  std::thread compactor([&] {
    while (!stop) (void)db->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr).ok();
  });
  std::string wrong;
  std::vector<std::uint64_t> watermarks;
  std::uint64_t linked = 0;
  std::uint64_t overlapped = 0;
  for (int i = 0; i < times && wrong.empty(); ++i) {
    const std::uint64_t before = last;
    const auto made = perdure::create_checkpoint(source, fs, root + "/" + std::to_string(i));
    if (!made) wrong = perdure::describe(made.error()).c_str();
    if (!made) break;
    overlapped += last > before ? 1 : 0;
    linked += made->linked;
    watermarks.push_back(made->watermark);
  }
  stop = true;
  writer.join();
  compactor.join();
  for (std::size_t i = 0; i < watermarks.size() && wrong.empty(); ++i) {
    const std::string path = root + "/" + std::to_string(i);
    if (const auto info = perdure::verify_checkpoint(fs, path); !info) wrong = perdure::describe(info.error()).c_str();
    if (wrong.empty() && tools) wrong = wrong_with_tools(path, watermarks[i]);
    if (wrong.empty()) wrong = wrong_with(path, watermarks[i]);
    if (!wrong.empty()) wrong = "checkpoint " + std::to_string(i) + ": " + wrong;
  }
  const bool is_shown = overlapped != 0 && linked != 0;
  if (wrong.empty() && !is_shown) wrong = "nothing was written beside it, or linked: nothing was shown";
  std::printf("%zu checkpoints, %llu beside writes; %llu files linked; %llu records\n", watermarks.size(),
              static_cast<unsigned long long>(overlapped), static_cast<unsigned long long>(linked),
              static_cast<unsigned long long>(last.load()));
  return wrong;
}

}  // namespace

int main(int argc, char** argv) {
  const auto times = argc > 1 ? examples::number_in(argv[1]) : 20;
  const bool tools = argc > 2 && std::string(argv[2]) == "tools";
  if (!times || *times == 0 || argc > 3 || (argc == 3 && !tools)) {
    return examples::told_usage("lsm_checkpoint_rocksdb [TIMES [tools]]\n", argc == 2 && std::string(argv[1]) == "--help");
  }
  std::filesystem::remove_all(root);
  const std::string wrong = run(*times, tools);
  std::printf("rocksdb    %s\n", wrong.empty() ? "held" : wrong.c_str());
  std::filesystem::remove_all(root);
  return wrong.empty() ? 0 : 1;
}
