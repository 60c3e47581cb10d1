import Testing

extension ChatTemplateTests {
  /// Templates of the forms that models have.
  @Suite struct ConversationsTests {
    @Test(arguments: [
      (
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set p = messages[0]['content'] + '\\n\\n' %}{% set m = messages[1:] %}{% else %}{% set p = '' %}{% set m = messages %}{% endif %}{% for x in m %}{% if (x['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate') }}{% endif %}{% set r = 'model' if x.role == 'assistant' else x.role %}{{ '<sot>' + r + '\\n' + (p if loop.first else '') }}{% if x['content'] is string %}{{ x['content'] | trim }}{% elif x.content is iterable %}?{% else %}{{ raise_exception('t') }}{% endif %}{{ '<eot>\\n' }}{% endfor %}{% if add_generation_prompt %}{{'<sot>model\\n'}}{% endif %}",
        "<s><sot>user\nBe brief.\n\nHi\n\nthere<eot>\n<sot>model\n<think>x</think>\n\nb<eot>\n<sot>user\nü 🙂<eot>\n<sot>model\n"
      ),
      (
        "{% set ns = namespace(a=1, last=messages|length - 1) %}{% for m in messages[::-1] %}{% set i = (messages|length - 1) - loop.index0 %}{% if m.role == \"user\" and not(m.content.startswith('<t>') and m.content.endswith('</t>')) %}{% set ns.last = i %}{% endif %}{% endfor %}{{ ns.last }}x",
        "1x"
      ),
      (
        "{% for m in messages %}{% set c = m.content %}{% if '</think>' in c %}{% set r = c.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}{% set c = c.split('</think>')[-1].lstrip('\\n') %}{{ r }}|{% endif %}{{ c }}{{ m.nothing }}{{ m.nothing is defined }}{{ m.get('x', 3) }}{% endfor %}",
        "Be brief.False3 Hi\n\nthere \nFalse3x|bFalse3ü 🙂False3"
      ),
      (
        "{% if messages|length > 1 and messages[-1].role != 'assistant' %}y{% elif messages %}n{% else %}0{% endif %}",
        "y"
      ),
    ])
    func rendersAsJinjaDoes(template: String, expected: String) throws {
      #expect(try ChatTemplateTests.render(template) == expected)
    }
  }
}
