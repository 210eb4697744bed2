// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FWD_HPP
#define PERDURE_FWD_HPP

// The names of perdure's classes, for headers that only mention them. It includes nothing.

namespace perdure {
inline namespace v1 {

class bytes;
class mutable_bytes;
class failure;
class description;
template <class T>
class result;
template <class Signature>
class function_ref;

class path_view;
class gather;
class mapping;
struct open_options;
struct file_info;
struct dir_entry;
struct nonce;
struct write_options;
struct write_report;

class four_bytes;
class sealed_writer;
class sealed_view;
class sealed_reader;
struct log_record;

class posix_file;
class posix_fs;
class posix_dir;
class any_fs;
class any_file;
class any_dir;

class any_store;
class etag;
class precondition;
struct object_info;
struct listed_object;
struct content_id;
struct chunking;
struct progress;

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FWD_HPP
