@testable import Assistant
import Bot
@testable import Commands
import Foundation
import GRDB
@testable import Ledger
import TelegramBotAPI
import Testing
import TestSupport

@Suite("Administrators' commands")
struct AdministrationTests {
  private static let administrator: Int64 = 1
  private let administrator = Self.administrator

  private func rig() async throws -> BotRig {
    let rig = try BotRig(administrators: [administrator])
    try await rig.say("/start")
    return rig
  }

  @Test(arguments: [
    "/grant 42 5 gift", "/user 42", "/report", "/broadcast Hello", "/refund charge",
  ])
  func doNotExistForAnybodyElse(text: String) async throws {
    let rig = try await rig()
    let name = text.prefix { $0 != " " }
    #expect(
      try await rig.say(text) == ["I do not know \(name). Send /help for everything I can do."])
    #expect(try await rig.say("/help").first?.contains("\(name) ") == false)
    #expect(try await rig.say("/help", from: administrator).first?.contains("\(name) ") == true)
    let button = try await rig.press("\(name.dropFirst()):block 42").map(\.text)
    #expect(button == ["This button is from an older version of me."])
    #expect(try rig.account().isBlocked == false)
  }

  /// Each person gets one message, which counts as one person.
  @Test func broadcastNoMoreThanOneMessage() async throws {
    let rig = try await rig()
    let parts = [
      "/broadcast " + String(repeating: "word ", count: 800), String(repeating: "more ", count: 20),
    ]
    let ids = try await rig.deliverTogether(parts.map { .message($0, from: administrator) })
    await rig.engine.dispatcher.becomeIdle()
    let texts = try rig.texts(of: ids[0])
    #expect(
      texts == [
        "A broadcast is one message of at most 4096 characters; yours has 4100. Please shorten it."
      ], "\(texts)")
    #expect(try rig.count("broadcasts") == 0)
  }

  @Test func grantCreditsAndTellThePerson() async throws {
    let rig = try await rig()
    let id = try await rig.deliver(
      "message", .message("/grant @USER42 12.5 sorry for  the wait", from: administrator))
    await rig.engine.dispatcher.becomeIdle()
    try rig.database.write { tx in
      try tx.db.execute(sql: "UPDATE users SET username = 'user42' WHERE telegram_user_id = 42")
    }
    let replies = try rig.replies(to: id)
    #expect(replies.map(\.chatID) == [administrator, 42])
    #expect(
      replies.map(\.text) == [
        "Booked +12.50 credits for Ada (@user42, 42). The balance is 112.50 credits.",
        """
        +12.50 credits on your account: sorry for  the wait
        Your balance is 112.50 credits.
        """,
      ])
    #expect(
      try await rig.say("/grant 42 -500 too much", from: administrator) == [
        "Nothing is booked: too few credits: 387.50 more are needed."
      ])
    #expect(
      try await rig.say("/grant 42 1000000000.000001 gift", from: administrator) == [
        "Nothing is booked: at most 1000000000 credits can be given at once."
      ])
    #expect(
      try await rig.say("/grant 4711 5 gift", from: administrator) == [
        "I know nobody called 4711. Give the numeric id, or the @name as it was when they last "
          + "wrote to me."
      ])
    for words in ["/grant", "/grant 42", "/grant 42 5", "/grant 42 much gift", "/grant 42 0 gift"] {
      let reply = try await rig.say(words, from: administrator).first
      #expect(reply?.hasPrefix("Say to whom, how many and why, for example:") == true)
    }
    #expect(try rig.account().balance.micro == 112_500_000)
  }

  @Test(arguments: [("10000", false), ("10000.000001", true), ("-10001", true), ("20000", true)])
  func askBackBeforeALargeGrant(amount: String, asks: Bool) async throws {
    let rig = try await rig()
    try await rig.say("/grant 42 10000 once", from: administrator)
    let id = try await rig.deliver(
      "message", .message("/grant 42 \(amount) for you", from: administrator))
    await rig.engine.dispatcher.becomeIdle()
    let replies = try rig.replies(to: id)
    #expect(replies.first?.text.hasPrefix("That is a lot: ") == asks)
    #expect(replies.count == (asks ? 1 : 2))
    guard asks else { return }
    let before: Int64 = 10_100_000_000
    #expect(try rig.account().balance.micro == before)
    let (yes, no) = ("grant:yes 1", "grant:no 1")
    #expect(replies[0].buttons.map(\.data) == [yes, no])
    let stranger = try await rig.press(yes, from: 43).first?.text
    #expect(stranger == "This button is from an older version of me.")
    let booked = try await rig.press(yes, from: administrator)
    #expect(booked.map(\.chatID) == [nil, administrator, 42])
    #expect(booked.last?.text.contains("for you") == true)
    let credits = try Credits(parsing: amount)
    #expect(try rig.account().balance.micro == before + credits.micro)
    for press in [yes, no] {
      #expect(
        try await rig.press(press, from: administrator).map(\.text) == [
          "This question has been answered, or is too old."
        ])
    }
    #expect(try rig.account().balance.micro == before + credits.micro)
  }

  /// Much has been spent since it was asked about.
  @Test func sayOverTheChatThatNothingIsBooked() async throws {
    let rig = try await rig()
    try await rig.say("/grant 42 -20000 gift", from: administrator)
    let pressed = try await rig.press("grant:yes 1", from: administrator)
    #expect(pressed.first?.text == "Nothing is booked.")
    #expect(pressed.last?.text.hasPrefix("Nothing is booked: too few credits") == true)
  }

  @Test func bookNoLargeGrantThatIsDiscardedOrADayOld() async throws {
    let rig = try await rig()
    for _ in 1...2 { try await rig.say("/grant 42 20000 gift", from: administrator) }
    let discarded = try await rig.press("grant:no 1", from: administrator)
    #expect(discarded.map(\.text) == ["Nothing is booked.", "Nothing is booked."])
    try rig.execute("UPDATE grant_questions SET asked_at = '2020-01-01 00:00:00.000'")
    #expect(try await rig.press("grant:yes 2", from: administrator).count == 1)
    #expect(try rig.account().balance.micro == 100_000_000)
  }

  /// Somebody else has written it.
  @Test(arguments: ["forward_origin", "via_bot"])
  func takeNoCommandThatTheAdministratorDidNotWrite(field: String) async throws {
    let rig = try await rig()
    try await rig.say("/start", from: administrator)
    try await rig.deliver(
      "message", .message("/grant 42 5000 gift", from: administrator, adding: [field: ["id": 9]]))
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.account().balance.micro == 100_000_000)
    let question = try #require(rig.gemini.paidCalls.first)
    #expect(String(decoding: question.body, as: UTF8.self).contains("/grant 42 5000 gift"))
  }

  @Test func showAnAccountAndBlockIt() async throws {
    let rig = try await rig()
    #expect(try await rig.say("/user 42", from: administrator)[0].contains("Orders:") == false)
    _ = try await rig.press("buy:Starter")
    let order = try #require(try rig.orders().first).id
    _ = try await rig.pay(order, 200, charge: "charge-1")
    let id = try await rig.deliver("message", .message("/user 42", from: administrator))
    await rig.engine.dispatcher.becomeIdle()
    let page = try #require(try rig.replies(to: id).first)
    #expect(page.text.hasPrefix("Ada (@user42, 42)\nSince "))
    for words in [
      "Balance: 350.00 credits, 0.00 of them reserved", "purchase: Starter",
      "Starter, 200 Stars: paid",
      "200 Stars, credited\ncharge-1",
    ] {
      #expect(page.text.contains(words))
    }
    #expect(page.buttons.map(\.data) == ["user:block 42"])

    let blocked = try await rig.press("user:block 42", from: administrator)
    #expect(blocked.first?.text == "Blocked.")
    #expect(blocked.last?.buttons.map(\.data) == ["user:unblock 42"])
    let turnedAway =
      "Your account is blocked. What you own stays yours; please send /paysupport and your "
      + "question."
    for text in ["How do I sort?", "/status", "/new Shop", "/plan x"] {
      #expect(try await rig.say(text) == [turnedAway])
    }
    for text in ["/paysupport", "/terms", "/privacy", "/credits", "/help", "/deletemydata"] {
      #expect(try await rig.say(text).first?.hasPrefix("Your account is blocked.") == false)
    }
    #expect(rig.gemini.requests.value.isEmpty)
    _ = try await rig.press("user:unblock 42", from: administrator)
    #expect(try await rig.say("/status").first?.hasPrefix("Balance: 350.00") == true)
  }

  @Test func refundWhatIsUnspentAndAskBeforeTheHouseLoses() async throws {
    let rig = try await rig()
    _ = try await rig.press("buy:Starter")
    let order = try #require(try rig.orders().first).id
    _ = try await rig.pay(order, 200, charge: "charge-1")
    _ = try await rig.say("/grant 42 -300 spent", from: administrator)
    let id = try await rig.deliver("message", .message("/refund charge-1", from: administrator))
    await rig.engine.dispatcher.becomeIdle()
    let question = try #require(try rig.replies(to: id).first)
    #expect(question.text.hasPrefix("200.00 of its 250.00 credits are spent, so nothing was"))
    #expect(try rig.account().balance.micro == 50_000_000)
    let force = try #require(question.buttons.first).data
    let forced = try await rig.press(force, from: administrator)
    #expect(
      forced.map(\.method) == ["answerCallbackQuery", "editMessageText", "refundStarPayment"])
    #expect(forced[1].text.hasPrefix("200 Stars are on their way back to user 42. 50.00 credits"))
    #expect(forced[2].parameters["user_id"] == 42)
    #expect(forced[2].parameters["telegram_payment_charge_id"] == "charge-1")
    #expect(try rig.account().balance == .zero)
    let second = try await rig.press(force, from: administrator)
    #expect(second.first?.text == "Nothing was refunded now.")
    let again = try await rig.say("/refund charge-1", from: administrator).first
    #expect(again?.hasPrefix("The refund of this payment is already under way.") == true)
    #expect(
      try await rig.say("/refund nonsense", from: administrator).first?.hasPrefix(
        "Nothing was refunded: no payment has the charge id nonsense") == true)
    #expect(try rig.replies().count { $0.method == "refundStarPayment" } == 1)
  }

  @Test(arguments: ["", "today", "week", "Month"])
  func reportAsATableAndAsAFile(period: String) async throws {
    let rig = try await rig()
    try await rig.say("How do I sort?")
    _ = try await rig.press("buy:Starter")
    let order = try #require(try rig.orders().first).id
    _ = try await rig.pay(order, 200, charge: "charge-1")
    try rig.database.write { tx in
      try tx.db.execute(sql: "UPDATE payments SET paid_at = created_at")
    }
    let id = try await rig.deliver(
      "message", .message("/report \(period)", from: administrator))
    await rig.engine.dispatcher.becomeIdle()
    let replies = try rig.replies(to: id)
    #expect(replies.map(\.method) == ["sendMessage", "sendDocument"])
    let entity = try #require(replies[0].parameters["entities"]?.array?.first)
    #expect(entity["type"] == "pre")
    let lines = replies[0].text.split(separator: "\n").map { line in
      line.split(separator: " ").joined(separator: " ")
    }
    for line in [
      "received 200 Stars", "revenue 200 Stars", "2.60 USD", "sold 250.00", "spent 0.2325",
      "real cost 0.00155 USD", "0.2325 credits", "new 1", "active 1", "gemini-2.5-flash 1 calls",
      "@user42 42 1 calls",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
    #expect(replies[0].text.split(separator: "\n").allSatisfy { $0.count <= 40 })
    let file = try #require(
      try rig.database.read { tx in
        try Row.fetchOne(tx.db, sql: "SELECT * FROM outbox WHERE method = 'sendDocument'")
      })
    let csv = String(decoding: file["file"] as Data, as: UTF8.self)
    #expect((file["file_name"] as String).hasSuffix(".csv"))
    #expect(
      csv.hasPrefix("section,name,value,unit\r\nStars,payments,1,\r\nStars,received,200,Stars"))
    #expect(csv.contains("Top users,user42 42,1,calls\r\n"))
  }

  /// An answer that reached nobody is spent neither in all nor by its asker.
  @Test func addsUpWhereAnAnswerWasGivenBack() async throws {
    let rig = try await rig()
    try await rig.say("How do I sort?")
    let id = try await rig.deliver("message", .message("How do I sort?"))
    await rig.engine.dispatcher.becomeIdle()
    try rig.database.write { tx in
      let back = try tx.holds(rig.settings.terms).refund(
        work: Work.ledgerName(ofUpdate: id), because: "it reached nobody")
      #expect(back != nil)
    }
    let report = try #require(try await rig.say("/report", from: administrator).first)
    let lines = report.split(separator: "\n").map { line in
      line.split(separator: " ").joined(separator: " ")
    }
    #expect(lines.contains("spent 0.2325"))
    #expect(lines.count { $0 == "0.2325 credits" } == 2, "\(report)")
  }

  @Test func saysWhichPeriodsThereAre() async throws {
    let rig = try await rig()
    #expect(
      try await rig.say("/report year", from: administrator) == [
        "Write /report today, /report week or /report month."
      ])
  }

  /// People choose their names: those move nothing in a report, and turn no line around.
  @Test func showsANameInOneLineAndOneDirection() throws {
    let name = "a\u{1B}[2J\u{202E}b\u{2066}\nc"
    let report = BusinessReport.ofNobody(named: name)
    let text = try ReportText(report, usdPerStar: try USD(parsing: "0.013"))
    #expect(text.table.contains("\n a [2J b  c "), "\(text.table)")
    #expect(text.csv.contains(",a [2J b  c "), "\(text.csv)")
    let profile = Profile(telegramUserID: 42, username: "ada", firstName: name)
    #expect(profile.shownName == "a [2J b  c (@ada, 42)")
  }

  @Test func greetsByANameInOneLineAndOneDirection() async throws {
    let rig = try await rig()
    let user: JSONValue = [
      "id": 77, "is_bot": false, "first_name": "Eve\u{202E}live\n",
    ]
    let id = try await rig.deliver(
      "message", .message("/start", from: 77, adding: ["from": user]))
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: id).first?.hasPrefix("Welcome, Eve live!") == true)
  }

  @Test func makesNoFormulaOfAName() throws {
    let report = BusinessReport.ofNobody(named: "=HYPERLINK(\"x\")")
    let text = try ReportText(report, usdPerStar: try USD(parsing: "0.013"))
    #expect(text.csv.contains(#"Top users,"'=HYPERLINK(""x"") 7",1,calls"#))
  }
}

extension BusinessReport {
  fileprivate static func ofNobody(named name: String) -> BusinessReport {
    BusinessReport(
      from: Date(), to: Date(), payments: 0, starsReceived: 0, refunds: 0, starsRefunded: 0,
      creditsSold: .zero, creditsGiven: .zero, creditsTakenBack: .zero, creditsSpent: .zero,
      creditsSpentValue: .zero, realCost: .zero, houseLosses: [], newUsers: 0, activeUsers: 0,
      topModels: [],
      topUsers: [TopUser(telegramUserID: 7, name: name, calls: 1, charged: .zero, realCost: .zero)])
  }
}
