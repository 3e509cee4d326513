import CCurl
import DequeModule
import Dispatch
import Foundation
import Synchronization

/// Names one transfer to those who may want to cancel it.
final class Ticket: Sendable {
  let isCancelled = Atomic(false)
}

/// The loop that drives libcurl's multi handle: it owns one serial Dispatch queue, and every handle
/// is touched on that queue alone.
///
/// Others put commands into a mailbox and wake the loop. `curl_multi_poll` sleeps until a socket,
/// a timeout of libcurl's or a wake-up has something to do, so there is no polling interval.
/// Dispatch sources per socket, the other way to drive libcurl, race with its closing of sockets.
final class CurlLoop: Sendable {
  private enum Command {
    case submit(HTTPRequest, Ticket, Transfer.Delivery)
    case cancel(Ticket)
  }

  private struct Mailbox {
    var commands: [Command] = []
    var isStopping = false
    /// Whether the loop will look in before it sleeps again, or has seen that it is to end.
    var isWoken = false
  }

  /// What is under way; the loop's own.
  private struct Work {
    var transfers: [ObjectIdentifier: Transfer] = [:]
    /// When the first of them may have gone without a byte for too long.
    var idleCheck: ContinuousClock.Instant?
    /// Those of which nothing is read until then, the earliest first.
    var resting: Deque<(ticket: ObjectIdentifier, end: ContinuousClock.Instant)> = []

    /// When the loop has something to do, even if no socket has.
    var nextLook: ContinuousClock.Instant? {
      [idleCheck, resting.first?.end].compactMap(\.self).min()
    }
  }

  /// libcurl's own timeouts shorten this; it only bounds an idle wait, in milliseconds.
  private static let maximumPollDuration: Int32 = 3_600_000

  private static let restsEndEvery = Duration.milliseconds(20)

  private let queue = DispatchQueue(label: "aidevbot.http")
  private let mailbox = Mutex(Mailbox())
  private let limits: HTTPTransport.Limits
  private let begin = ContinuousClock.now
  /// Used on `queue` alone, but for `curl_multi_wakeup`, which libcurl allows from any thread.
  private nonisolated(unsafe) let multi: UnsafeMutableRawPointer

  private static let globalInit: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

  init(limits: HTTPTransport.Limits) {
    precondition(Self.globalInit == CURLE_OK, "libcurl could not start")
    guard let multi = curl_multi_init() else { preconditionFailure("libcurl is out of memory") }
    self.multi = multi
    self.limits = limits
  }

  func start() {
    queue.async { self.run() }
  }

  /// Ends the loop; what is still under way ends as cancelled.
  func stop() {
    wake { $0.isStopping = true }
  }

  func submit(_ request: HTTPRequest, _ ticket: Ticket, delivery: Transfer.Delivery) {
    wake { $0.commands.append(.submit(request, ticket, delivery)) }
  }

  /// Ends that transfer if it has begun and not ended; if it has yet to begin, it won't.
  func cancel(_ ticket: Ticket) {
    ticket.isCancelled.store(true, ordering: .releasing)
    wake { $0.commands.append(.cancel(ticket)) }
  }

  private func wake(_ post: (inout Mailbox) -> Void) {
    mailbox.withLock { mailbox in
      post(&mailbox)
      // Within the lock: as soon as the loop reads of its end, it may free what is woken here.
      if !mailbox.isWoken { curl_multi_wakeup(multi) }
      mailbox.isWoken = true
    }
  }

  private func run() {
    var work = Work()
    var isStopping = false
    while !isStopping {
      let commands = mailbox.withLock { mailbox in
        isStopping = mailbox.isStopping
        mailbox.isWoken = isStopping
        defer { mailbox.commands.removeAll(keepingCapacity: true) }
        return mailbox.commands
      }
      for command in commands { carryOut(command, &work) }
      endRests(&work)
      var running: Int32 = 0
      curl_multi_perform(multi, &running)
      finishCompleted(&work)
      handOver(&work)
      endIdle(&work)
      guard !isStopping else { break }
      curl_multi_poll(multi, nil, 0, Self.pollDuration(until: work.nextLook), nil)
    }
    for transfer in work.transfers.values { abandon(transfer) }
    curl_multi_cleanup(multi)
  }

  private func carryOut(_ command: Command, _ work: inout Work) {
    switch command {
    case .submit(let request, let ticket, let delivery):
      guard !ticket.isCancelled.load(ordering: .acquiring) else {
        return delivery.fail(.cancelled(requestWasSent: false))
      }
      guard
        let transfer = Transfer(request, ticket, delivery, limits: limits),
        curl_multi_add_handle(multi, transfer.easy) == CURLM_OK
      else { return delivery.fail(.invalidRequest) }
      work.transfers[ObjectIdentifier(ticket)] = transfer
      if let end = transfer.idleEnd { work.idleCheck = min(work.idleCheck ?? end, end) }
    case .cancel(let ticket):
      if let transfer = work.transfers.removeValue(forKey: ObjectIdentifier(ticket)) {
        abandon(transfer)
      }
    }
  }

  private func finishCompleted(_ work: inout Work) {
    var remaining: Int32 = 0
    while let message = curl_multi_info_read(multi, &remaining) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else {
        continue
      }
      let result = ccurl_message_result(message)
      let transfer = Transfer.from(easy)
      work.transfers.removeValue(forKey: ObjectIdentifier(transfer.ticket))
      curl_multi_remove_handle(multi, easy)
      transfer.finish(result)
    }
  }

  /// Hands over what has come of streams, and lets those rest that come word by word: what comes
  /// meanwhile waits in the socket, and nothing wakes for it. Rests end together, on few instants.
  private func handOver(_ work: inout Work) {
    let now = ContinuousClock.now
    for (ticket, transfer) in work.transfers {
      guard transfer.handOver(), limits.gathering > .zero else { continue }
      curl_easy_pause(transfer.easy, CURLPAUSE_RECV)
      let looks = (begin.duration(to: now + limits.gathering) / Self.restsEndEvery).rounded(.up)
      work.resting.append((ticket, begin + Self.restsEndEvery * Int(looks)))
    }
  }

  private func endRests(_ work: inout Work) {
    let now = ContinuousClock.now
    while let first = work.resting.first, first.end <= now {
      work.resting.removeFirst()
      // Of one that has ended meanwhile, nobody is left.
      if let transfer = work.transfers[first.ticket] {
        curl_easy_pause(transfer.easy, CURLPAUSE_CONT)
      }
    }
  }

  /// Ends what has gone without a byte for too long. It looks at all transfers only when the first
  /// of them may have: each byte puts its own end off.
  private func endIdle(_ work: inout Work) {
    let now = ContinuousClock.now
    guard let due = work.idleCheck, due <= now else { return }
    for (key, transfer) in work.transfers {
      guard let end = transfer.idleEnd, end <= now else { continue }
      work.transfers.removeValue(forKey: key)
      curl_multi_remove_handle(multi, transfer.easy)
      transfer.fail(.stalled(requestWasSent: transfer.requestWasSent))
    }
    work.idleCheck = work.transfers.values.compactMap(\.idleEnd).min()
  }

  /// Rounded up, so that nobody looks too early.
  private static func pollDuration(until end: ContinuousClock.Instant?) -> Int32 {
    guard let end else { return maximumPollDuration }
    let (seconds, attoseconds) = ContinuousClock.now.duration(to: end).components
    let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000 + 1
    return Int32(min(max(milliseconds, 1), Int64(maximumPollDuration)))
  }

  private func abandon(_ transfer: Transfer) {
    curl_multi_remove_handle(multi, transfer.easy)
    transfer.fail(.cancelled(requestWasSent: transfer.requestWasSent))
  }
}
