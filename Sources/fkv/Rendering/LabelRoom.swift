/// Finds places for one-line labels next to lines of a plot.
struct LabelRoom {
  typealias Point = (x: Double, y: Double)
  typealias Bounds = (left: Double, right: Double, top: Double, bottom: Double)

  private static let height = 13.0
  private let bounds: Bounds
  /// What labels should not lie on.
  private var obstacles: [Point] = []
  private var taken: [Bounds] = []

  init(bounds: Bounds) { self.bounds = bounds }

  /// Makes labels shun a point.
  mutating func avoid(_ point: Point) { obstacles.append(point) }

  /// Makes labels shun a line, as points 4 apart.
  mutating func avoid(path: [Point]) {
    for (a, b) in zip(path, path.dropFirst()) {
      let length = ((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)).squareRoot()
      let steps = max(1, Int(length / 4))
      for step in 0..<steps {
        let share = Double(step) / Double(steps)
        obstacles.append((a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)))
      }
    }
  }

  /// Takes the room for a label of `width` next to one of `points`, the last ones preferred; returns where its baseline
  /// begins.
  mutating func place(width: Double, near points: [Point]) -> Point {
    var best: (cost: Double, start: Point) = (.infinity, (0, 0))
    for (rank, point) in points.reversed().enumerated() {
      let candidates: [Point] = [
        (point.x + 9, point.y + 4), (point.x - width - 9, point.y + 4), (point.x - width / 2, point.y - 9),
        (point.x - width / 2, point.y + 18), (point.x + 7, point.y + 15), (point.x + 7, point.y - 6),
        (point.x - width - 7, point.y + 15), (point.x - width - 7, point.y - 6),
      ]
      for (order, start) in candidates.enumerated() {
        let cost = cost(box(start, width)) + 1.5 * Double(rank) + 0.1 * Double(order)
        if cost < best.cost { best = (cost, start) }
      }
    }
    taken.append(box(best.start, width))
    return best.start
  }

  private func box(_ start: Point, _ width: Double) -> Bounds {
    (start.x - 3, start.x + width + 3, start.y - Self.height + 2, start.y + 4)
  }

  private func cost(_ box: Bounds) -> Double {
    guard box.left >= bounds.left, box.right <= bounds.right, box.top >= bounds.top, box.bottom <= bounds.bottom else {
      return 10_000
    }
    let overlaps = taken.filter {
      $0.left < box.right && box.left < $0.right && $0.top < box.bottom && box.top < $0.bottom
    }
    let crossed = obstacles.filter { $0.x > box.left && $0.x < box.right && $0.y > box.top && $0.y < box.bottom }
    return 100 * Double(overlaps.count) + Double(crossed.count)
  }
}
