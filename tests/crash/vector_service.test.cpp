// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// examples/vector_service, without its graph and its HTTP: how saves and removals of one name follow each other, over files of a
// machine that crashes, and over a store that loses requests and answers and lets them come late.

#include <perdure/store/fs_store.hpp>
#include <perdure/store/read_object.hpp>
#include <perdure/testing/lab_sync.hpp>

#include <examples/vector_service/keeper.hpp>
#include <examples/vector_service/service.hpp>

#include <tests/crash/proof.hpp>

namespace proofs_of_vector_service {

using namespace tests;
using vector_service::answers;

namespace {

// An index of letters. What it keeps says so twice, so that two parts which disagree are seen.
class letters {
 public:
  using perdure_engine = letters;
  struct kept {
    std::string name, text, mark = {};
    [[nodiscard]] result<void> save(engine_sink& to) const {
      PERDURE_TRY(to.envelope(name + ":" + text + ":" + mark));
      PERDURE_TRY(to.section("body"));
      return to.write(text);
    }
  };
  letters(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {}

  [[nodiscard]] static result<letters> load(const engine_source& from) {
    const failure wrong = failure(code::corrupt, operation::read);
    const std::string envelope(reinterpret_cast<const char*>(from.envelope().data()), from.envelope().size());
    const auto section = from.find("body");
    if (!section) return section.error();
    std::string text;
    PERDURE_TRY(section->read_all(text, 100));
    const std::string name = envelope.substr(0, envelope.find(':'));
    if (envelope.compare(0, name.size() + text.size() + 2, name + ":" + text + ":") != 0) return wrong;
    return letters(name, text);
  }
  [[nodiscard]] result<void> save(engine_sink& to) const { return view().save(to); }
  [[nodiscard]] kept view() const { return {.name = name_, .text = text_}; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::size_t count() const { return text_.size(); }
  [[nodiscard]] const std::string& text() const { return text_; }
  void add(char letter) { text_ += letter; }

 private:
  std::string name_;
  std::string text_;
};

using files = fs_store<crash_fs, manual_clock, lab_sync>;

template <Store S>
struct machine {
  machine(S& store, manual_clock& clock, enum answers answers) : kept(store, clock, INT64_MAX, answers), service(kept) {
    started = static_cast<bool>(service.start([this](const std::string&, const failure&) { damaged = true; }));
  }
  // "absent", or its letters; what is bad is told as such.
  [[nodiscard]] std::string now() {
    if (!started) return "not started";
    if (damaged) return "damaged";
    const auto text = service.look("x", [](const letters& one) -> result<std::string> { return one.text(); });
    return text ? *text : "absent";
  }
  [[nodiscard]] static result<void> done(const result<vector_service::change>& made) {
    return made ? made->kept : result<void>(made.error());
  }
  [[nodiscard]] result<void> create(char letter) { return done(service.create("x", letters("x", std::string(1, letter)))); }
  [[nodiscard]] result<void> add(char letter) {
    return done(service.apply("x", [&](letters& one) -> result<void> {
      one.add(letter);
      return {};
    }));
  }
  [[nodiscard]] result<void> remove() { return service.remove("x"); }

  vector_service::keeper<S, manual_clock, lab_sync> kept;
  vector_service::service<letters, vector_service::keeper<S, manual_clock, lab_sync>, lab_sync> service;
  bool started = false;
  bool damaged = false;
};

// Each step by the value that it installs: after one that failed the index in memory has what was not kept.
template <Store S>
void add(world& world, machine<S>& one, char letter) {
  const std::string before = one.now();
  if (before != "absent") world.step(before + letter, [&] { return one.add(letter); });
}
template <Store S>
void one_life(world& world, machine<S>& one) {
  if (!one.started) return;
  world.step("a", [&] { return one.create('a'); });
  add(world, one, 'b');
  world.step("absent", [&] { return one.remove(); });
  world.step("a", [&] { return one.create('a'); });  // of the same content as before
  add(world, one, 'd');
}

template <Store S>
verdict latest(after_crash& after, S& store) {
  machine<S> found(store, after.clock(), answers::come_or_never);
  return after.latest_is(result<std::string>(found.now()), "absent");
}

exploration on_files(std::uint32_t faults) {
  return {.setup = [](world& world) { (void)files(world.fs(), "s", world.clock()).create_root(); },
          .workload =
              [](world& world) {
                files store(world.fs(), "s", world.clock());
                machine<files> one(store, world.clock(), answers::come_or_never);
                one_life(world, one);
              },
          .check =
              [](after_crash& after) {
                files store(after.fs(), "s", after.clock());
                return latest(after, store);
              },
          .faults = faults};
}
// Whoever starts after a kill answers with what it loaded, and no power cut takes that back; then it goes on. A removal that was
// cut may not have happened after all: it is made again.
void answers_and_goes_on(world& world) {
  files store(world.fs(), "s", world.clock());
  machine<files> one(store, world.clock(), answers::come_or_never);
  if (!one.started) return;
  if (one.now() == "absent") {
    world.step("absent", [&] { return one.remove(); });
  } else {
    world.step(one.now(), [] {});
    add(world, one, 'r');
  }
}

exploration on_a_network(enum answers answers, std::uint32_t faults) {
  return {.workload =
              [answers](world& world) {
                machine<crash_store> one(world.store(), world.clock(), answers);
                one_life(world, one);
              },
          .check = [](after_crash& after) { return latest(after, after.store()); },
          .faults = faults};
}
std::uint64_t exhaustive(const exploration& all) {
  const auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
  return report.states;
}

}  // namespace

TEST_CASE("vector_service: on files, after any cut, the last change that was answered is there, or a later one", "[crash]") {
  CHECK(prove("one life", on_files(0)) > 20);
  exhaustive(on_files(1));
}

TEST_CASE("vector_service: an envelope and a graph that are put one after the other disagree after a kill", "[crash]") {
  auto all = on_files(0);
  all.workload = [](world& world) {
    files store(world.fs(), "s", world.clock());
    for (const char* const version : {"1", "2"}) {
      world.step(version, [&]() -> result<void> {
        PERDURE_TRY(store.put("envelope", version, precondition::any));
        PERDURE_TRY(store.put("graph", version, precondition::any));
        return {};
      });
    }
  };
  all.check = [](after_crash& after) -> verdict {
    files store(after.fs(), "s", after.clock());
    const auto envelope = read_text(store, "envelope");
    const auto graph = read_text(store, "graph");
    return (envelope ? *envelope : "absent") == (graph ? *graph : "absent");
  };
  CHECK_FALSE(refuted(all).empty());
}

TEST_CASE("vector_service: on files, what is answered after a kill is not taken back by a power cut", "[crash]") {
  auto all = on_files(0);
  all.restart = answers_and_goes_on;
  CHECK(prove("killed", all) > 20);
}

TEST_CASE("vector_service: on a network no older save lands last, and no removed index returns", "[crash]") {
  CHECK(exhaustive(on_a_network(answers::may_be_late, 1)) > 20);
  exhaustive(on_a_network(answers::may_be_late, 2));
  // As it is done where nothing comes late.
  CHECK_FALSE(refuted(on_a_network(answers::come_or_never, 1)).empty());
}

TEST_CASE("vector_service: on a network, whoever goes on after a kill is not overtaken by what was on its way", "[crash]") {
  auto all = on_a_network(answers::may_be_late, 0);
  all.restart = [](world& world) {
    machine<crash_store> one(world.store(), world.clock(), answers::may_be_late);
    if (one.now() == "absent") {
      world.step("r", [&] { return one.create('r'); });
    } else {
      world.step("absent", [&] { return one.remove(); });
    }
  };
  CHECK(exhaustive(all) > 20);
  all.faults = 1;
  exhaustive(all);
}

TEST_CASE("vector_service: of threads that add, remove and make one name, what is kept in the end is what is in memory",
          "[crash]") {
  const auto racing = [](bool made_again_after, bool made_again_meanwhile) -> exploration {
    return {.workload =
                [=](world& world) {
                  machine<crash_store> one(world.store(), world.clock(), answers::come_or_never);
                  (void)one.create('a');
                  world.together([&] { (void)one.add('b'); },
                                 [&] {
                                   (void)one.remove();
                                   if (made_again_after) (void)one.create('c');
                                 },
                                 [&] { (void)(made_again_meanwhile ? one.create('d') : one.add('d')); });
                  machine<crash_store> next(world.store(), world.clock(), answers::come_or_never);
                  world.note("in memory: " + one.now() + ", kept: " + next.now());
                  if (next.now() != one.now()) world.step("they differ", [] {});
                },
            .check = [](after_crash& after) -> verdict { return !after.acknowledged("they differ"); },
            .preemptions = 2};
  };
  exhaustive(racing(true, false));
  exhaustive(racing(false, true));
}

}  // namespace proofs_of_vector_service
