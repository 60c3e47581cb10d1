/// An object that values refer to. Values may refer to each other in a circle or a long chain through it, so the renderer
/// owns it and ends its references when it is done: nothing stays in memory, and nothing is freed one within another.
protocol Owned: AnyObject {
  func release()
}
