/// A value behind a reference: one word in each of the many frames that have room for an answer and
/// an error for as long as a call is under way.
@dynamicMemberLookup
struct Boxed<Value: Sendable>: Sendable {
  private final class Box: Sendable {
    let value: Value

    init(_ value: Value) {
      self.value = value
    }
  }

  private var box: Box

  init(_ value: Value) {
    box = Box(value)
  }

  subscript<Member>(dynamicMember member: WritableKeyPath<Value, Member>) -> Member {
    get { box.value[keyPath: member] }
    set {
      var value = box.value
      value[keyPath: member] = newValue
      box = Box(value)
    }
  }
}
