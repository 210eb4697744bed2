# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors
# Sourced by tests/style/check --self: breaks each rule once, and expects to be told so.

good_tree() {
  rm -rf "$1"
  mkdir -p "$1/include/perdure/core" "$1/include/perdure/fs" "$1/cmake" "$1/tests/unit/core" "$1/examples"
  printf '%s\n' '// SPDX-License-Identifier: MIT' '#ifndef PERDURE_CORE_A_HPP' '#define PERDURE_CORE_A_HPP' '#include <cstddef>' '#endif  // PERDURE_CORE_A_HPP' >"$1/include/perdure/core/a.hpp"
  printf '%s\n' '// SPDX-License-Identifier: MIT' '#ifndef PERDURE_PERDURE_HPP' '#define PERDURE_PERDURE_HPP' '#include <perdure/core/a.hpp>' '#endif  // PERDURE_PERDURE_HPP' >"$1/include/perdure/perdure.hpp"
  printf '%s\n' '# SPDX-License-Identifier: MIT' 'set(PERDURE_HEADERS' '  perdure/core/a.hpp' '  perdure/perdure.hpp' ')' >"$1/cmake/headers.cmake"
  echo '// SPDX-License-Identifier: MIT' >"$1/tests/unit/core/a.test.cpp"
  printf '%s\n' '// SPDX-License-Identifier: MIT' '// README:begin' 'int main() {}' '// README:end' >"$1/examples/first.cpp"
  printf '%s\n' '# a' '<!-- examples/first.cpp -->' '```cpp' 'int main() {}' '```' >"$1/README.md"
}

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0
a=include/perdure/core/a.hpp

good_tree "$tree"
told=$(check_tree "$tree")
if [ -n "$told" ]; then
  echo "not ok a tree that breaks no rule was refused: $told"
  failures=1
fi

# breaks 'rule as it is told' command...
breaks() {
  local expected=$1 told
  shift
  good_tree "$tree"
  (cd "$tree" && eval "$*")
  told=$(check_tree "$tree")
  if printf '%s' "$told" | grep -qF -- "$expected"; then
    echo "ok sees: $expected"
  else
    echo "not ok does not see: $expected"
    failures=$((failures + 1))
  fi
}

breaks 'the first line is not the SPDX line' "sed -i 1d $a"
breaks 'no include guard' "sed -i s/PERDURE_CORE_A_HPP/A_HPP/ $a"
breaks '#pragma once' "echo '#pragma once' >>$a"
breaks 'over 400' "seq 400 | sed 's|^|// |' >>$a"
breaks 'includes upwards' "sed -i '4a #include <perdure/fs/b.hpp>' $a"
breaks 'includes perdure/testing/b.hpp' "sed -i '4a #include <perdure/testing/b.hpp>' $a"
breaks '<string> is not allowed here' "sed -i '4a #include <string>' $a"
breaks 'spelled with quotes' "sed -i '4a #include \"b.hpp\"' $a"
breaks 'a banned word' "sed -i '4a inline void f() { throw 1; }' $a"
breaks 'a leading underscore' "sed -i '4a inline int _f();' $a"
breaks 'using namespace' "sed -i '4a using namespace std;' $a"
breaks 'not listed in cmake/headers.cmake' "sed -i /core/d cmake/headers.cmake"
breaks 'which is not there' "sed -i '2a \ \ perdure/core/gone.hpp' cmake/headers.cmake"
breaks 'no test tests/unit/core/a.test.cpp' "rm tests/unit/core/a.test.cpp"
breaks 'tests no header of its name' "cp tests/unit/core/a.test.cpp tests/unit/core/b.test.cpp"
breaks 'not in perdure.hpp' "sed -i /core/d include/perdure/perdure.hpp"
breaks 'a comment of more than 130 columns in line' "printf '// %0130d\n' 1 >>$a"
breaks 'white space at the end' "echo '// a ' >>$a"
breaks 'a tab in line' "printf '//\ta\n' >>$a"
breaks 'unfinished' "echo '// TO''DO' | tr -d \"'\" >>$a"
breaks 'a path of one machine' "echo '// /ho''me/a' | tr -d \"'\" >>$a"
breaks 'has no place in the root' "echo left >log"
breaks 'no SPDX line' "sed -i 1d examples/first.cpp"
breaks 'differs from examples/first.cpp' "sed -i 's/main() {}/main() { return 0; }/' README.md"
breaks 'names no compiled file' "sed -i /examples/d README.md"
[ "$failures" -eq 0 ]
