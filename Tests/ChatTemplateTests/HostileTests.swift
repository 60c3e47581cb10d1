import ChatTemplate
import Testing

extension ChatTemplateTests {
  /// Templates that would take a machine's time, memory or stack are refused before they do.
  @Suite struct HostileTests {
    /// 50,000 letters, which each of the templates below reads.
    static let letters = String(repeating: "a", count: 50_000)

    static func render(_ template: String) throws -> String {
      try ChatTemplate(template).render([("user", letters)], startsAnswer: true)
    }

    /// A template that does `body` many times.
    static func repeated(_ body: String, times: Int = 100_000) -> String {
      "{% set n = namespace(x=1) %}{% for i in range(\(times)) %}" + body + "{% endfor %}"
    }

    @Test(arguments: [
      "{% set n.x = [n.x] %}", "{% set n.x = (n.x,) %}", "{% set n.x = {1: n.x} %}", "{% set n.x = dict(a=n.x) %}",
      "{% set n.x = [n.x].copy() %}",
    ])
    func valuesWithinEachOther(body: String) {
      #expect(throws: ChatTemplateError.exceeded(what: "lists within each other", limit: 64)) {
        try Self.render(Self.repeated(body))
      }
    }

    @Test func valuesThatDouble() {
      #expect {
        try Self.render(Self.repeated("{% set n.x = [n.x, n.x] %}"))
      } throws: {
        if case ChatTemplateError.exceeded = $0 { true } else { false }
      }
    }

    /// Chains and circles of objects are freed one by one; they are no error.
    @Test(arguments: [
      repeated("{% set n.x = namespace(x=n.x) %}", times: 20_000),
      repeated("{% set p = n.x %}{% macro f() %}{% endmacro %}{% set n.x = f %}", times: 20_000),
      repeated("{% for x in [0, n.x] %}{% if loop.first %}{% set n.x = loop %}{% endif %}{% endfor %}", times: 20_000),
      "{% set n = namespace() %}{% set n.n = [n] %}", "{% macro f() %}{% endmacro %}",
    ])
    func chainsOfObjects(template: String) throws {
      #expect(try Self.render(template) == "")
    }

    @Test(arguments: [
      "a[0]", "a == b", "'z' in a", "a.count('z')", "a is lower", "{a: 1}[b]", "messages|unique", "a|trim",
      "messages|selectattr('content', 'eq', b)|list",
    ])
    func longTextsReadOften(expression: String) {
      let template = Self.repeated("{% if \(expression) %}{% endif %}")
      #expect {
        try Self.render("{% set a = messages[0].content %}{% set b = a[:-1] ~ 'a' %}" + template)
      } throws: {
        if case ChatTemplateError.exceeded = $0 { true } else { false }
      }
    }

    @Test(arguments: [
      "a|replace('a', a)", "a.replace('a', a)", "a.join(a)", "a|join(a)", "([a] * 100000)|string",
      "([a] * 100000)|tojson", "([a] * 100000)|join", "''.join([a] * 100000)", "[a] * 100000 ~ 'x'",
      "raise_exception([a] * 100000)", "range(200000)|unique", "([[1]] * 100000)|tojson(indent=64)",
      "(a|replace('a', 'a\n'))|indent(a)", "range(-9223372036854775807, 9223372036854775807)",
    ])
    func whatWouldBeTooMuch(expression: String) {
      #expect {
        try Self.render("{% set a = messages[0].content %}{{ \(expression) }}")
      } throws: {
        if case ChatTemplateError.exceeded = $0 { true } else { false }
      }
    }

    /// A text of one letter searched for half of itself, which is not there.
    @Test func searchesDoNotTakeTheSquare() throws {
      #expect(
        try Self.render("{% set a = messages[0].content %}{% set p = a[25000:] ~ 'b' %}{{ a.find(p) }}{{ p in a }}")
          == "-1False")
    }

    @Test func manyKeysDoNotTakeTheSquare() {
      let entries = (0..<20_000).map { "\($0): 1" }.joined(separator: ", ")
      #expect {
        try Self.render("{% set d = {" + entries + "} %}")
      } throws: {
        if case ChatTemplateError.exceeded = $0 { true } else { false }
      }
    }
  }
}
