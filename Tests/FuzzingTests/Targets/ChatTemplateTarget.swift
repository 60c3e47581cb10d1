import ChatTemplate

/// Chat templates, which a model file brings: read, and rendered for two conversations.
enum ChatTemplateTarget {
  static let all = FuzzTarget(
    name: "chattemplate", mostBytes: 2048,
    // A rendering may hold 16 MiB of text and lists, and what it joins them to.
    memory: MemoryCap(fixed: 96 << 20, perByte: 8192),
    seeds: { seeds.map { Array($0.utf8) } }, mayThrow: { $0 is ChatTemplateError },
    run: { bytes, _ in
      let template = try ChatTemplate(String(decoding: bytes, as: UTF8.self))
      let turn: [(role: String, content: String)] = [
        ("system", " s "), ("user", "u\n"), ("assistant", "a"), ("user", "é"),
      ]
      _ = try template.render(Array(turn.suffix(1)), startsAnswer: false, clock: NoClock())
      _ = try template.render(turn, startsAnswer: true, specialTokens: ["bos_token": "<s>"], clock: NoClock())
    })

  /// The machine's own would make findings that do not repeat.
  private struct NoClock: ChatClock {
    func text(format: String) -> String { "1 Jan 2026" }
  }

  private static let seeds = [
    """
    {%- for m in messages %}{{- '<|' + m['role'] + '|>' ~ m.content | trim }}
      {% if loop.first and not tools %}{{ bos_token }}{% elif m.role == 'user' %}{% continue %}{% endif %}
    {% endfor %}{# end #}{% if add_generation_prompt %}<|assistant|>{% endif %}
    """,
    """
    {% set ns = namespace(last=messages|length - 1) %}{% for m in messages[::-1] %}{% set ns.last = loop.index0 %}\
    {{ m.content.split('</think>')[-1].lstrip('\\n') }}{% endfor %}{{ ns.last // 2 ** 3 % 5 }}{{ strftime_now('%d') }}
    """,
    "{% macro f(a, b=1) %}{{ a * b }}{% endmacro %}{{ f('x', b=3)|upper }}{% set t %}{{ 1.5 }}{% endset %}{{ t|tojson }}",
    "{{ {'a': [1, none, (true,)]}|dictsort|map('first')|join(', ') }}{% raw %}{{ }}{% endraw %}{{ 'a' if x is defined else raise_exception('b') }}",
    "{% for i in range(3, 0, -1) if i is odd %}{{ loop.cycle('a', 'b') }}{% else %}{{ 'aXb'.replace('X', '')|indent(2) }}{% endfor %}{% filter trim %} a {% endfilter %}",
    "{{ messages|selectattr('role', 'in', ['user'])|map(attribute='content')|sort|first|default('') }}{{ 'abc'[1:][::-1] not in 'cb' }}",
  ]
}
