// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/detail/xml_reader.hpp>

#include <tests/support/catch.hpp>

#include <cstring>
#include <memory>
#include <string>

using namespace perdure;
using namespace perdure::detail;

namespace {

std::string of(path_view text) { return {text.data(), text.size()}; }

// What it tells, in one line; memory that is exactly as large as the document, so that a sanitizer sees a byte too many.
std::string told(const std::string& document, std::size_t size) {
  const std::unique_ptr<char[]> exact(new char[size]);
  if (size != 0) std::memcpy(exact.get(), document.data(), size);
  xml_reader reader(bytes(exact.get(), size));
  std::string all;
  for (;;) {
    switch (reader.next()) {
      case xml_event::start:
        all += "<" + of(reader.name()) + ">";
        break;
      case xml_event::text:
        all += of(reader.text());
        break;
      case xml_event::end:
        all += "</" + of(reader.name()) + ">";
        break;
      case xml_event::done:
        return all;
      case xml_event::bad:
        return reader.next() == xml_event::bad ? all + "!" : "bad did not stay so";
    }
  }
}
std::string told(const std::string& document) { return told(document, document.size()); }
bool is_bad(const std::string& document) { return told(document).back() == '!'; }

std::string unescaped(path_view text) {
  path_buffer<16> to;
  return append_xml_text(to, text) ? std::string(to.data(), to.size()) : "(bad)";
}
std::string escaped(path_view text) {
  std::string to;
  return append_xml_escaped(text, [&](path_view piece) { to.append(piece.data(), piece.size()); }) ? to : "(none)" + to;
}

const std::string listing =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    "<Name>b</Name><Prefix/><IsTruncated>false</IsTruncated>\n<!-- one > two --><Contents a='>'><Key>a&amp;b</Key ><Size>3</Size>"
    "<Owner><ID>x</ID></Owner></Contents></ListBucketResult>";

}  // namespace

TEST_CASE("xml_reader: elements in their order, without what nobody reads") {
  CHECK(told(listing) ==
        "<ListBucketResult><Name>b</Name><Prefix></Prefix><IsTruncated>false</IsTruncated>\n<Contents><Key>a&amp;b</Key><Size>3"
        "</Size><Owner><ID>x</ID></Owner></Contents></ListBucketResult>");
  CHECK(told("\xef\xbb\xbf<a/>\n") == "<a></a>");
}

TEST_CASE("xml_reader: a document that is cut off anywhere is bad, and nothing behind its end is read") {
  const std::string whole = told(listing);
  for (std::size_t size = 0; size < listing.size(); ++size) {
    const std::string part = told(listing, size);
    if (part.back() != '!') FAIL("cut off at " << size << ": " << part);
    if (whole.compare(0, part.size() - 1, part, 0, part.size() - 1) != 0) FAIL("another document, at " << size << ": " << part);
  }
}

TEST_CASE("xml_reader: any byte in the place of any other is survived") {
  for (std::size_t at = 0; at < listing.size(); ++at) {
    for (const char c : {'<', '>', '/', '&', '"', '\'', '!', '?', '-', 'a', ' ', '\0', '\xff'}) {
      std::string changed = listing;
      changed[at] = c;
      if (told(changed).size() > 2 * listing.size()) FAIL("it tells more than there is");
    }
  }
}

TEST_CASE("xml_reader: what is badly nested, too deep, or no XML of a store's is bad") {
  for (const char* const document : {"",
                                     " ",
                                     "x",
                                     "<",
                                     "<>",
                                     "< a/>",
                                     "<a>",
                                     "</a>",
                                     "<a></b>",
                                     "<a><b></a></b>",
                                     "<a/><b/>",
                                     "<a/>x",
                                     "x<a/>",
                                     "<a",
                                     "<a b=\"",
                                     "<a <b/>",
                                     "<!DOCTYPE a><a/>",
                                     "<a><![CDATA[x]]></a>",
                                     "<a><?x?></a>",
                                     "<a/><?x?>",
                                     "<a></a",
                                     "<1/>"}) {
    INFO(document);
    CHECK(is_bad(document));
  }
  std::string deep, out;
  for (std::size_t i = 0; i < xml_reader::depth_max; ++i) {
    deep += "<a>";
    out += "</a>";
  }
  CHECK(!is_bad(deep + out));
  CHECK(is_bad("<a>" + deep + out + "</a>"));
}

TEST_CASE("xml_child: the text of one element below the root, and of none elsewhere") {
  const auto find = [](const std::string& document, path_view root, path_view child) {
    const xml_child found(document, root, child);
    return found.is_found ? of(found.text) : found.is_root ? "(none)" : "(other)";
  };
  const std::string error =
      "<?xml version=\"1.0\"?><Error><Detail><Code>Inner</Code></Detail><Code>NoSuchKey</Code><Message/></Error>";
  CHECK(find(error, "Error", "Code") == "NoSuchKey");
  CHECK(find(error, "Error", "Message").empty());
  CHECK(find(error, "Error", "Detail").empty());  // with elements of its own
  CHECK(find(error, "Error", "Key") == "(none)");
  CHECK(find(error, "Other", "Code") == "(other)");
  CHECK(find("", "Error", "Code") == "(other)");
  CHECK(find(error.substr(0, error.find("</Code><M")), "Error", "Code") == "(none)");
  // In pieces it is none, and half of it is not told.
  CHECK(find("<E><Id>ab<!-- -->cd</Id></E>", "E", "Id").empty());
  CHECK(find("<E><Id>ab<x/>cd<x/>ef</Id></E>", "E", "Id").empty());
}

TEST_CASE("append_xml_text: the five names and the numbers, and nothing else") {
  CHECK(unescaped("a&lt;&gt;&amp;&quot;&apos;b") == "a<>&\"'b");
  CHECK(unescaped("&#65;&#x41;&#xFC;&#x20ac;&#128512;") == "AA\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");
  for (const char* const bad : {"&", "&lt", "&;", "&no;", "&#;", "&#x;", "&#0;", "&#xd800;", "&#x110000;", "&#99999999;", "&#1a;",
                                "&LT;", "&#xfffffffff;", "seventeen letters"}) {
    INFO(bad);
    CHECK(unescaped(bad) == "(bad)");
  }
}

TEST_CASE("append_xml_escaped: what comes back is what was meant, or nothing is written") {
  CHECK(escaped("a<b>&c\"d'\t\n\r") == "a&lt;b&gt;&amp;c\"d'&#9;&#10;&#13;");
  CHECK(escaped("") == "");
  CHECK(escaped("<\x01>") == "(none)");
  CHECK(escaped("a\xef\xbf\xbf") == "(none)");
  CHECK(escaped("a\xef\xbf\xbd") == "a\xef\xbf\xbd");
  CHECK(unescaped(escaped("&lt;\t&<\r")) == "&lt;\t&<\r");
}
