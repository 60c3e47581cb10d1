import ChatTemplate
import Testing

extension ChatTemplateTests {
  /// What is no template, has no value, or takes too much is refused; nothing traps.
  @Suite struct RefusalTests {
    @Test(arguments: [
      "{% if %}", "{{ 1", "{% endif %}", "{{ f( }}", "{{ [x for x in y] }}", "{# open", "{% raw %}", "{{ 'a", "{{ ) }}",
      "{% nothing %}", "{% for %}", "{% set %}", "{% if true %}", "{{ 1 2 }}", "{{ a[ }}", "{{ }}", "{{ '\\xz' }}",
      "{{ ? }}",
      "{% macro f(%}", "{{ f(a=1, 2) }}", "{{ x[1:2:3:4] }}", "{{ x[] }}", "{% for a in b %}",
    ])
    func whatIsNoTemplate(template: String) {
      #expect { try ChatTemplate(template) } throws: {
        if case ChatTemplateError.syntax(1, _) = $0 { true } else { false }
      }
    }

    @Test(arguments: [
      "{{ messages[0].x.y }}", "{{ nothing.y }}", "{{ nothing + 'a' }}", "{{ 'a' + 1 }}", "{{ 1 + none }}",
      "{% for a in none %}{% endfor %}", "{% for a in 5 %}{% endfor %}", "{{ 1 / 0 }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}",
      "{{ [1].append(2) }}", "{% set x = {} %}{% set x.a = 2 %}", "{{ nothing() }}", "{{ 'a' < 1 }}",
      "{{ none|length }}",
      "{{ 'a'.split('') }}", "{{ [1, 2][::0] }}", "{% set a, b = [1] %}", "{{ 9223372036854775807 + 1 }}",
      "{{ 3 ** 60 }}", "{{ range(1, 2, 0) }}", "{{ 1|join }}", "{{ [[], 1]|sort }}",
      "{% for i in [1] %}{% set loop.index = 5 %}{% endfor %}", "{{ range(*none) }}",
      "{% set n = namespace() %}{% set n.n = [n] %}{{ n.n }}",
    ])
    func whatHasNoValue(template: String) {
      #expect { try render(template) } throws: { if case ChatTemplateError.failed(1, _) = $0 { true } else { false } }
    }

    @Test(arguments: [
      ("\n{% include 'a' %}", "'include'"), ("\n{{ x|batch(3) }}", "the filter 'batch'"),
      ("\n{{ x is filter }}", "the test 'filter'"), ("\n{{ '%s' % 1 }}", "'%' after a text"),
      ("\n{% call f() %}{% endcall %}", "a 'call' block"), ("\n{{ '{}'.format(1) }}", "the method 'format'"),
      ("\n{{ 'a'.find('a', 1) }}", "'find' from a place in the text"),
      ("\n{{ 1|tojson(sort_keys=true) }}", "'tojson' with 'sort_keys'"),
      ("\n{{ '10'|int(base=16) }}", "'int' of another base"), ("\n{{ f(**a) }}", "'**' before an argument"),
      ("\n{% for a in b recursive %}{% endfor %}", "a recursive loop"),
    ])
    func whatIsNotRendered(template: String, what: String) {
      #expect(throws: ChatTemplateError.unsupported(line: 2, what: what)) { try render(template) }
    }

    /// A branch for tools does not matter where there are none.
    @Test func onlyWhatIsReachedCounts() throws {
      #expect(try render("{% if tools %}{{ tools|batch(3) }}{{ tools.a.b }}{% endif %}x") == "x")
    }

    @Test func theTemplatesOwnRefusal() {
      #expect(throws: ChatTemplateError.refused(message: "roles must alternate")) {
        try render("{{ raise_exception('roles must alternate') }}")
      }
    }

    @Test(arguments: [
      "{% for a in range(99999999) %}{% endfor %}", "{{ 'a' * 99999999999 }}", "{{ [1] * 999999999 }}",
      "{% set n = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(64) %}{% set n.x = n.x + n.x %}{% endfor %}",
      "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
      "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "{{ 'a'|indent(9999999999) }}",
      String(repeating: "{% if a %}", count: 10_000),
      "{{ " + String(repeating: "(", count: 1000) + "1" + String(repeating: ")", count: 1000) + " }}",
      "{{ " + String(repeating: "not ", count: 1000) + "1 }}", "{{ " + String(repeating: "-", count: 1000) + "1 }}",
      String(repeating: " ", count: 2_000_000),
    ])
    func whatTakesTooMuch(template: String) {
      #expect { try render(template) } throws: {
        if case ChatTemplateError.exceeded = $0 { true } else { false }
      }
    }

    /// Operators of one rank do not nest, however many there are.
    @Test func longChains() throws {
      #expect(try render("{{ 0" + String(repeating: " + 1", count: 5000) + " }}") == "5000")
      #expect(try render("{{ ''" + String(repeating: " ~ 'a'", count: 500) + " }}").count == 500)
      #expect(try render("{{ 'a'" + String(repeating: "|upper", count: 500) + " }}") == "A")
      let branches = (0..<500).map { "{% elif messages|length == \($0 + 1000) %}" }.joined()
      #expect(try render("{% if false %}" + branches + "{% else %}x{% endif %}") == "x")
    }

    @Test func messages() {
      let errors: [ChatTemplateError] = [
        .syntax(line: 1, what: "a"), .unsupported(line: 2, what: "b"), .failed(line: 3, what: "c"),
        .refused(message: "d"), .exceeded(what: "steps", limit: 5),
      ]
      #expect(
        errors.map(\.description) == [
          "line 1 is not a template: a", "line 2 uses b, which fkv does not render", "line 3 cannot be rendered: c",
          "it refuses the conversation: d", "it takes more than 5 steps",
        ])
    }
  }
}
