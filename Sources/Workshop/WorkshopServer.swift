import Glibc

/// The service's side: one run for each connection.
package struct WorkshopServer: Sendable {
  private let cage: Cage

  package init(cage: Cage) {
    self.cage = cage
  }

  /// Blocks until the run has ended and its result is sent, or whoever asked has gone, which ends
  /// the run. The cage dies with the thread that calls this.
  ///
  /// - Parameter socket: A stream, which is closed at the end.
  package func serve(_ socket: Int32) {
    defer { close(socket) }
    var connection = Connection(
      descriptor: socket, interruption: -1, deadline: .now + Frames.transferTime)
    do throws(WorkshopError) {
      try connection.write(Frames.greeting)
      let result: Result<WorkshopResult, WorkshopError>
      do throws(WorkshopError) {
        let run = try Frames.readRun(from: connection)
        // Whoever asks says nothing more: what can be read is the end.
        result = .success(try cage.run(run, interruptedBy: socket))
      } catch .cancelled, .brokenOff {
        return
      } catch {
        result = .failure(error)
      }
      connection.deadline = .now + Frames.transferTime
      try connection.write(Frames.bytes(of: result))
    } catch {
      // Nobody is there any more to be told.
    }
  }
}
