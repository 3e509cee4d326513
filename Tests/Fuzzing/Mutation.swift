/// libFuzzer's own mutations, by a name that no module exports.
@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int) -> Int

/// At and beyond the borders of what is taken for a count, an id or a cost.
private let extremes = [
  "0", "-1", "1000000000", "1000000001", "\(Int64.max)", "\(Int64.min)", "18446744073709551616",
  "1e-30", "1e16", "9e127", "0.1234567890123456789012345",
]

/// libFuzzer calls this for a new input. One of four has another number than before, which changes
/// of bytes hardly ever make a large one.
@c(LLVMFuzzerCustomMutator)
func mutate(
  _ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int, _ seed: UInt32
) -> Int {
  var random = Int(seed)
  func pick<Element>(_ elements: [Element]) -> Element? {
    defer { random /= max(elements.count, 1) }
    return elements.isEmpty ? nil : elements[random % elements.count]
  }
  let input = Array(UnsafeBufferPointer(start: bytes, count: count))
  guard pick([true, false, false, false]) == true,
    let number = pick(numbers(in: input)), let extreme = pick(extremes)
  else { return mutateBytes(bytes, count, limit) }
  let output = input[..<number.lowerBound] + extreme.utf8 + input[number.upperBound...]
  guard output.count <= limit else { return mutateBytes(bytes, count, limit) }
  return UnsafeMutableBufferPointer(start: bytes, count: limit).update(fromContentsOf: output)
}

/// Where digits stand, one after the other.
private func numbers(in input: [UInt8]) -> [Range<Int>] {
  var numbers: [Range<Int>] = []
  for (index, byte) in input.enumerated() where UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte {
    if let last = numbers.last, last.upperBound == index {
      numbers[numbers.count - 1] = last.lowerBound..<index + 1
    } else {
      numbers.append(index..<index + 1)
    }
  }
  return numbers
}
