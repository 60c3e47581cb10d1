import ArgumentParser
import Testing

@testable import fkv

@Suite struct NumericOptionTests {
  private func message<Value>(_ rule: NumericOption<Value>, _ text: String) -> String {
    do {
      return "read \(try rule.read(text))"
    } catch {
      return "\(error)"
    }
  }

  @Test func wholeNumbers() throws {
    let rule = NumericOption<Int>.atLeast(3)
    #expect(try rule.read("3") == 3 && rule.read("+7") == 7 && rule.read("\(Int.max)") == Int.max)
    for text in ["2", "-1", "-9223372036854775809"] { #expect(message(rule, text) == "must be 3 or more, not \(text)") }
    #expect(message(rule, "9223372036854775808") == "must be at most 9223372036854775807, not 9223372036854775808")
    for text in ["", "x", "3.0", "3 ", " 3", "0x3", "1e3", "-", "+", "٣"] {
      #expect(message(rule, text) == "must be a whole number, not '\(text)'")
    }
    #expect(message(NumericOption<UInt32>.atLeast(0), "-1") == "must be 0 or more, not -1")
    let range = NumericOption<Int>.within(1...9)
    #expect(try range.read("1") == 1 && range.read("9") == 9)
    for text in ["0", "10", "-5", "99999999999999999999"] {
      #expect(message(range, text) == "must lie in 1…9, not \(text)")
    }
  }

  @Test func fractions() throws {
    #expect(try NumericOption<Double>.aboveZero.read("1e-9") == 1e-9)
    for text in ["0", "-0.0", "-1", "-inf"] {
      #expect(message(NumericOption<Double>.aboveZero, text) == "must be more than 0, not \(text)")
    }
    for text in ["inf", "nan"] {
      #expect(message(NumericOption<Float>.zeroOrMore, text) == "must be a finite number, not \(text)")
    }
    #expect(try NumericOption<Double>.limit.read("inf") == .infinity)
    #expect(message(NumericOption<Double>.limit, "nan") == "must be 0 or more, not nan")
    #expect(try NumericOption<Double>.within(0...1).read("0") == 0)
    #expect(message(NumericOption<Double>.within(0...1), "1.01") == "must lie in 0…1, not 1.01")
    #expect(try NumericOption<Float>.positiveProbability.read("1") == 1)
    #expect(message(NumericOption<Float>.positiveProbability, "0") == "must be more than 0 and at most 1, not 0")
    #expect(message(NumericOption<Double>.aboveZero, "1,5") == "must be a number, not '1,5'")
  }

  @Test func lists() throws {
    let rule = NumericOption<NumberList<Double>>.list(of: .within(0...100))
    #expect(try rule.read("0,12.5,100").numbers == [0, 12.5, 100])
    #expect(NumberList([0, 12.5, 100]).description == "0,12.5,100")
    #expect(message(rule, "5,101") == "must lie in 0…100, not 101")
    for text in ["", ",", "5,"] { #expect(message(rule, text) == "must be a number, not ''") }
  }
}
