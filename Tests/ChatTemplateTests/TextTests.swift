import Testing

extension ChatTemplateTests {
  /// Filters and methods of text and numbers.
  @Suite struct TextTests {
    @Test(arguments: [
      ("{{ -1|abs }}", "1"),
      ("{{ '  a b '|trim }}| {{ 'xxaxx'.strip('x') }}", "a b| a"),
      ("{{ 'a,b,c'.split(',') }}", "['a', 'b', 'c']"),
      ("{{ 'a,b,c'.split(',', 1) }}", "['a', 'b,c']"),
      ("{{ 'a,b,c'.rsplit(',', 1) }}", "['a,b', 'c']"),
      ("{{ ' a b c '.split(none, 1) }}", "['a', 'b c ']"),
      ("{{ 'aXbX'.replace('X', '-') }}", "a-b-"),
      ("{{ 'aXbX'.replace('X', '-', 1) }}", "a-bX"),
      ("{{ 'abcabc'.find('c') }}", "2"),
      ("{{ 'abcabc'.rfind('b') }}", "4"),
      ("{{ 'abcabc'.count('bc') }}", "2"),
      ("{{ 'abc'.removeprefix('a') }}", "bc"),
      ("{{ 'abc'.removesuffix('c') }}", "ab"),
      ("{{ 'abc'.startswith(('x','a')) }}", "True"),
      ("{{ 'abc'|reverse }}", "cba"),
      ("{{ 'abc'|length }}", "3"),
      ("{{ messages|map(attribute='role')|list }}", "['system', 'user', 'assistant', 'user']"),
      ("{{ messages|selectattr('role','equalto','user')|list|length }}", "2"),
      ("{{ messages|selectattr('content')|list|length }}", "4"),
      ("{{ 'x'|tojson }}", "\"x\""),
      ("{{ x|default('d') }}", "d"),
      ("{{ ''|default('d') }}", ""),
      ("{{ ''|default('d', true) }}", "d"),
      ("{{ none|d('q') }}", "None"),
      ("{{ '12'|int + 1 }}", "13"),
      ("{{ 'x'|int(7) }}", "7"),
      ("{{ 3.9|int }}", "3"),
      ("{{ '1.5'|float }}", "1.5"),
      ("{{ 5|string + 'a' }}", "5a"),
      ("{{ 'a\\nb\\n\\nc'|indent }}", "a\n    b\n\n    c"),
      ("{{ 'a\\nb'|indent(2, true) }}", "  a\n  b"),
      ("{{ '<a>'|e }}", "&lt;a&gt;"),
      ("{{ 'hello world'|title }}", "Hello World"),
      ("{{ 'aXb'|replace('X','y') }}", "ayb"),
      ("{{ 'a'.x }}", ""),
      ("{{ 'abc'|first }}", "a"),
      ("{{ 'abc'|last }}", "c"),
      ("{{ 'abc'|list }}", "['a', 'b', 'c']"),
      ("{{ messages|length is gt 1 }}", "True"),
      ("{{ 'a.b'.split('.')|last|upper }}", "B"),
      ("{{ 'aabaabaaa'.find('aabaaa') }}{{ 'aaab'.rfind('aa') }}{{ 'aab' in 'aaaab' }}", "31True"),
      ("{{ 'abababab'.split('abab') }}{{ 'aaaa'.count('aa') }}{{ 'aaaa'.replace('aa', 'b') }}", "['', '', '']2bb"),
      ("{{ 'ab' * 2 }}{{ 'a' * -1 }}{{ 2 * 'ü' }}", "ababüü"),
      ("{{ \"it's o'neil-x (abc\"|title }} {{ \"it's o'neil-x\".title() }}", "It's O'neil-X (Abc It'S O'Neil-X"),
      (
        "{{ 'x\\r\\ny\\rz'.splitlines() }} {{ 'x\\x0by\\u2028z\\x1cw\\n'.splitlines() }}",
        "['x', 'y', 'z'] ['x', 'y', 'z', 'w']"
      ),
      ("{{ 'a\\nb\\n'.splitlines(true) }}", "['a\\n', 'b\\n']"),
      ("{{ '²'.isdigit() }}", "True"),
      ("{{ '3.7'|int }}", "3"),
      ("{{ 'abc'|first }}{{ ''|first }}{{ 'abc'|last }}", "ac"),
      (
        "{{ ['\\u200b', '\\xa0', '\\xad', 'é', '\\ue000', '🙂', '\\U000e0001'] }}",
        "['\\u200b', '\\xa0', '\\xad', 'é', '\\ue000', '🙂', '\\U000e0001']"
      ),
    ])
    func rendersAsJinjaDoes(template: String, expected: String) throws {
      #expect(try ChatTemplateTests.render(template) == expected)
    }
  }
}
