// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// What perdure wrote, looked into.
//
//   inspect show    PATH | --store URI KEY               its kind, what it says of itself, its parts
//   inspect list    PATH | --store URI [PREFIX]          its parts; the objects of a store
//   inspect verify  PATH... | --store URI [PREFIX]       every checksum that there is
//   inspect extract PATH PART FILE | --store URI KEY PART FILE
//                                                        a part, into a new file
//   inspect snapshots --store URI HEAD                   each snapshot that a head names, read to its end: a key, or a path
//   inspect pins --store URI                             who holds a pin on the contents of a store
//   inspect end-pin --store URI KEY                      ends one that somebody has left: see the README for when
//   inspect                                              shows itself, on one of each kind, and on each of them damaged
//   --json       a line of JSON for each
//   --log-kind XXXX   of a log, where it is not RLOG
//
// A PATH is a framed or sealed file, a twin slot, the directory of a versioned slot, of a log or of a checkpoint. A KEY is that
// of an object, or sha256:... for a content. A URI is a directory, file://... or s3://bucket/prefix. But for extract and end-pin
// nothing is changed, and no lock is taken: what is written meanwhile is seen at some moment.
//
// Exit status: 0 all is well; 1 something is damaged; 2 called wrongly; 3 something is not there, or cannot be read, or (of
// verify) is of no kind that is known here, or what is said cannot be written; 4 something was written by a later version. Of
// several the worst: 1 before 4 before 3.

#include <examples/inspect/demo.hpp>

using namespace inspect;

int main(int argc, char** argv) {
  if (argc == 1) return demo();
  settings how;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--help" || word == "-h") {
      std::fputs(usage, stdout);
      return well;
    }
    if (word == "--json") {
      how.json = true;
    } else if (word == "--store" && i + 1 < argc) {
      how.store = argv[++i];
    } else if (word == "--log-kind" && i + 1 < argc && std::string(argv[i + 1]).size() == 4) {
      how.log_kind = perdure::four_bytes::of(std::string(argv[++i]));
    } else if (word.starts_with("--")) {
      how.words.clear();
      break;
    } else {
      how.words.push_back(word);
    }
  }
  const int status = how.words.empty() ? int{called_wrongly} : run(how);
  if (status == called_wrongly) std::fputs(usage, stderr);
  return status;
}
