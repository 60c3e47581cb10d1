import Testing

@testable import LlamaEngine

struct ModelProbeTests {
  @Test func theAssertionIsTakenFromWhatAProcessLeft() {
    let text = "llama_model_load: odd\nggml.c:1: GGML_ASSERT(a == b) failed\n[New LWP 7]\n\n"
    #expect(ModelProbe.lastLine(text) == "ggml.c:1: GGML_ASSERT(a == b) failed")
    #expect(ModelProbe.lastLine("one\ntwo\n  \n") == "two")
    #expect(ModelProbe.lastLine("") == "")
    #expect(ModelProbe.lastLine("a warning\n\(ModelProbe.passed)\n") == ModelProbe.passed)
    #expect(ModelProbe.lastLine("GGML_ASSERT(x) in a file's name\n\(ModelProbe.refused)\n") == ModelProbe.refused)
  }

  @Test func endsOfProcessesHaveNames() throws {
    func run(_ script: String) throws -> ProbeProcess {
      try #require(ProbeProcess(program: "/bin/sh", arguments: ["-c", script], environment: ["FKV_T": "x y"]))
    }
    let told = try run("echo out; echo \"$FKV_T\" >&2; exit 3")
    #expect(told.errors == "x y\n" && told.ending == "exit status 3")
    #expect(try run("kill -SEGV $$").ending == "SIGSEGV")
    #expect(try run("exit 0").status == 0)
    #expect(ProbeProcess(program: "/no/such/program", arguments: [], environment: [:]) == nil)
  }
}
