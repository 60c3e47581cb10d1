import Foundation
import LlamaEngine

/// Trials of models in processes of their own (`ModelProbe`), for a program whose whole work is fkv's.
public enum ModelTrial {
  /// Does a trial and ends the process if it was started for one; else makes this program the one that is started for
  /// trials, and fkv's cache folder the place to remember them. Call it before anything else, once.
  public static func prepare(_ arguments: [String]) {
    ModelProbe.serve(arguments)
    // The link stands for the program of whoever opens it, even where its file was moved or replaced meanwhile.
    let link = "/proc/self/exe"
    let program = FileManager.default.fileExists(atPath: link) ? link : Bundle.main.executablePath
    ModelProbe.host = program.map { .init(program: $0, memory: ModelLocation.cacheFolder + "/probed") }
  }
}
