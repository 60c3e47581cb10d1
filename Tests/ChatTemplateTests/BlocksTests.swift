import Testing

extension ChatTemplateTests {
  /// Blocks, macros, white space, comments.
  @Suite struct BlocksTests {
    @Test(arguments: [
      (
        "{% for i in range(3) %}{{ i }}{% if not loop.last %},{% endif %}{% endfor %} {% for i in range(5, 0, -2) %}{{ loop.index }}{{ loop.revindex }}{{ loop.length }}{{ i }} {% endfor %}{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}{% for i in [] %}x{% else %}empty{% endfor %}{% for i in range(10) if i % 2 %}{{ i }}{{ loop.last }}{% endfor %}",
        "0,1,2 1335 2233 3131 a=1;b=2;empty1False3False5False7False9True"
      ),
      (
        "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}{% for i in [1,2,3] %}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a','b') }}{% endfor %}",
        "022a13b2a"
      ),
      (
        "{% set x = 1 %}{% for i in [1,2] %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}{% if true %}{% set x = 9 %}{% endif %}{{ x }}",
        "2319"
      ),
      (
        "{% macro f(a, b='z') %}{{ a }}-{{ b }}{% endmacro %}{{ f(1) }} {{ f(1, 2) }} {{ f(b=3, a=4) }} {{ f() }} {{ f('x')|upper }}",
        "1-z 1-2 4-3 -z X-Z"
      ),
      (
        "{% set t %}  hello {{ 1 + 1 }} {% endset %}[{{ t }}] {% set u | trim | upper %} hi {% endset %}[{{ u }}] {% filter upper %}abc{% endfilter %} {% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}",
        "[  hello 2 ] [HI] ABC 3"
      ),
      ("{%- raw %} {{ x }} {% endraw -%}  y {# comment #} z {#- c -#}   w", " {{ x }} y  zw"),
      ("  {% if true %}   a   {% endif %}   ", "   a      "),
      (
        "{% generation %}g{% endgeneration %}{{ 'a' 'b' }}{{ \"\\u00e9\\x41\\t\\101\\q\" }}{{ '{{ }}' }}{{ {'a': {'b': 2}}['a']['b'] }}{{ {'a': {'b': 2}}.a.b }}",
        "gabéA\tA\\q{{ }}22"
      ),
      (
        "{{ strftime_now('%d %b %Y') }} {{ strftime_now is defined }} {{ (date_string if date_string is defined else '26 Jul 2024') }} {{ tools is none }} {{ tools is defined }} {{ not tools }} {% if tools %}{{ tools.x.y }}{% endif %}",
        "26 Jul 2026 True 26 Jul 2024 True True True "
      ),
      (
        "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set c = 1, 2 %}{{ c }}{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
        "12(1, 2)123"
      ),
      ("{%+ if true %}  x{%+ endif +%}", "  x"),
      (
        "{% macro f(a, b) %}{{ a }}-{{ b }}{% endmacro %}{{ f(*[1, 2]) }} {{ f(1, *[2]) }} {{ f(*[1], b=3) }}",
        "1-2 1-2 1-3"
      ),
      ("{% macro f(a=raise_exception('x')) %}{{ a }}{% endmacro %}{{ f(1) }}", "1"),
      (
        "{% set n = namespace() %}{% for i in ['a', 'b'] %}{% set n.l = loop %}{% endfor %}{{ n.l.index }}{{ n.l.previtem }}",
        "2a"
      ),
      ("{% for i in [1] %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}", "10"),
      ("{% set n = namespace() %}{% set n.n = n %}{{ n == n }}{{ n.n.n == n }}{{ n in [n] }}", "TrueTrueTrue"),
    ])
    func rendersAsJinjaDoes(template: String, expected: String) throws {
      #expect(try ChatTemplateTests.render(template) == expected)
    }
  }
}
