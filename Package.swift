// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let logInMemory: Target.Dependency = .product(name: "InMemoryLogging", package: "swift-log")

let package = Package(
  name: "aidevbot",
  platforms: [.macOS(.v15)],
  products: [
    // For tests alone, which load it into the executable; the executable does not know it.
    .library(name: "FaultyDisk", type: .dynamic, targets: ["FaultyDisk"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.3.0"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.0.0", traits: ["YAML"]),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // The type of the path that swift-configuration takes.
    .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
    // What swift-configuration reads YAML with; it does not list the keys that it finds.
    .package(url: "https://github.com/jpsim/Yams", "5.4.0"..<"7.0.0"),
    // GRDB on Linux is kept working by contributors: its exact version is the one whose own test
    // suite was seen to pass here.
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
  ],
  targets: [
    // HTTP over libcurl: knows neither Telegram nor JSON.
    .systemLibrary(
      name: "CCurl",
      pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"])]
    ),
    .target(
      name: "HTTPTransport",
      dependencies: ["CCurl", .product(name: "DequeModule", package: "swift-collections")],
      swiftSettings: strict
    ),

    // Whether what is committed is where it outlives this machine, and the bucket that it is in.
    .target(name: "Replication", dependencies: ["HTTPTransport", logging], swiftSettings: strict),

    // Lines that are typed at the console, edited.
    .systemLibrary(
      name: "CEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),

    // Of JSON that comes from outside, what is asked for.
    .target(name: "JSONReading", swiftSettings: strict),

    // What models write, as text with styles: knows neither Telegram nor money.
    .systemLibrary(
      name: "CMD4C", pkgConfig: "md4c", providers: [.apt(["libmd4c-dev"])]),
    .target(name: "Markdown", dependencies: ["CMD4C"], swiftSettings: strict),

    // What a test tells the bot: where it is killed, and how long it waits; nothing of that is left
    // in a release build.
    .target(name: "KillPoints", swiftSettings: strict),

    // How the program came onto the machine, and so what an operator types.
    .target(name: "Installation", swiftSettings: strict),

    // The Bot API: knows neither the ledger nor the commands.
    .target(
      name: "TelegramBotAPI",
      dependencies: ["HTTPTransport", "JSONReading", "KillPoints", logging],
      swiftSettings: strict
    ),

    // What of the program is in memory without need.
    .target(name: "CMappedFiles"),

    // Where what models have written is run: knows nothing of the bot.
    .target(name: "CSpawn"),
    .target(name: "Workshop", dependencies: ["CSpawn"], swiftSettings: strict),

    // What a call used, and of which model: the one language of providers and ledger.
    .target(name: "Metering", swiftSettings: strict),

    // Prompt in, answer and token usage out: knows neither money nor Telegram.
    .target(
      name: "LanguageModels",
      dependencies: ["HTTPTransport", "Installation", "JSONReading", "KillPoints", "Metering"],
      swiftSettings: strict
    ),

    // What is built for people: paths, files, changes, plans, and what models are asked for them;
    // knows neither money nor Telegram nor a provider.
    .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .target(name: "Software", dependencies: ["CZip", "JSONReading"], swiftSettings: strict),

    // Money: knows neither Telegram nor HTTP.
    .target(
      name: "Ledger",
      dependencies: ["Installation", "Metering", grdb, sqlite, logging],
      resources: [.embedInCode("Prices/starter-prices.json")],
      swiftSettings: strict
    ),

    // Which of two machines works, and how the other one comes to all that was promised.
    .target(
      name: "Standby", dependencies: ["CSpawn", "Ledger", "Replication", logging],
      swiftSettings: strict),

    // What comes in and goes out, durably: inbox, outbox and its sender, alerts, health.
    .target(
      name: "Messaging",
      dependencies: [
        "Installation", "JSONReading", "KillPoints", "Ledger", "Markdown", "Replication",
        "TelegramBotAPI", grdb, logging,
        .product(name: "DequeModule", package: "swift-collections"),
      ],
      swiftSettings: strict
    ),

    // Credits for Stars, and what an operator says to people.
    .target(
      name: "Sales",
      dependencies: ["Installation", "Ledger", "Messaging", "TelegramBotAPI", grdb, logging],
      swiftSettings: strict
    ),

    // Work that a model does, and that is paid for: hold, call, settle.
    .target(
      name: "Assistant",
      dependencies: [
        "Installation", "KillPoints", "LanguageModels", "Ledger", "Messaging", "Metering",
        "TelegramBotAPI", grdb, logging,
        .product(name: "DequeModule", package: "swift-collections"),
      ],
      swiftSettings: strict
    ),

    // Software that is built step by step: what is next, what it costs, what people are told.
    .target(
      name: "Builds",
      dependencies: [
        "Assistant", "KillPoints", "LanguageModels", "Ledger", "Messaging", "Metering", "Software",
        "TelegramBotAPI", "Workshop", grdb, logging,
      ],
      swiftSettings: strict
    ),

    // The commands of the chat, a file each.
    .target(
      name: "Commands",
      dependencies: [
        "Assistant", "Builds", "LanguageModels", "Ledger", "Messaging", "Sales", "TelegramBotAPI",
        grdb,
      ],
      swiftSettings: strict
    ),

    // What the bot does: engine, dispatcher, Telegram, console.
    .target(
      name: "Bot",
      dependencies: [
        "Assistant", "Builds", "CMappedFiles", "Commands", "Installation", "KillPoints",
        "LanguageModels", "Ledger", "Markdown", "Messaging", "Metering", "Replication", "Sales",
        "TelegramBotAPI", "Workshop", grdb, logging,
        .product(name: "DequeModule", package: "swift-collections"),
      ],
      exclude: ["Database/schema.sql"],  // For people to read.
      swiftSettings: strict
    ),

    // The configuration: what may be set, where it is read, what is wrong with it.
    .target(
      name: "Settings",
      dependencies: [
        "Assistant", "Commands", "LanguageModels", "Ledger", "Messaging", "Metering", "Replication",
        "Sales", "TelegramBotAPI", logging,
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict
    ),

    // The command line and the wiring.
    .executableTarget(
      name: "aidevbot",
      dependencies: [
        "Assistant", "Bot", "CEdit", "Commands", "HTTPTransport", "Installation", "KillPoints",
        "LanguageModels", "Ledger", "Messaging", "Metering", "Replication", "Sales", "Settings",
        "Standby", "TelegramBotAPI", "Workshop", grdb, logging,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict,
      plugins: ["NameCommit"]
    ),

    // Tells the executable at each build which commit it is of.
    .plugin(name: "NameCommit", capability: .buildTool(), path: "Sources/NameCommit"),

    // Loopback servers, and the tests, which mirror the targets.
    .target(
      name: "TestSupport",
      dependencies: ["HTTPTransport", "Replication"],
      path: "Tests/TestSupport",
      exclude: ["bot-api-subset.json"],  // Read beside the source.
      swiftSettings: strict
    ),
    .testTarget(
      name: "HTTPTransportTests",
      dependencies: ["HTTPTransport", "TestSupport"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "ReplicationTests",
      dependencies: ["HTTPTransport", "Replication", "TestSupport"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "StandbyTests",
      dependencies: ["HTTPTransport", "Ledger", "Replication", "Standby", "TestSupport", grdb],
      swiftSettings: strict
    ),
    .testTarget(name: "JSONReadingTests", dependencies: ["JSONReading"], swiftSettings: strict),
    .testTarget(
      name: "WorkshopTests", dependencies: ["TestSupport", "Workshop"], swiftSettings: strict),
    .testTarget(name: "MarkdownTests", dependencies: ["Markdown"], swiftSettings: strict),
    .testTarget(
      name: "TelegramBotAPITests",
      dependencies: [
        "HTTPTransport", "JSONReading", "TelegramBotAPI", "TestSupport", logging, logInMemory,
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "LanguageModelsTests",
      dependencies: [
        "HTTPTransport", "JSONReading", "LanguageModels", "Metering", "TestSupport",
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SoftwareTests", dependencies: ["LanguageModels", "Software", "Workshop"],
      swiftSettings: strict),
    .testTarget(
      name: "LedgerTests",
      dependencies: ["Ledger", "Metering", grdb, logging, logInMemory],
      exclude: ["Fixtures"],  // Read beside the source.
      swiftSettings: strict
    ),
    .testTarget(
      name: "BotTests",
      dependencies: [
        "Assistant", "Bot", "Builds", "Commands", "HTTPTransport", "JSONReading", "LanguageModels",
        "Ledger", "Markdown", "Messaging", "Metering", "Replication", "Sales", "Software",
        "TelegramBotAPI", "TestSupport", "Workshop", grdb, logging,
      ],
      exclude: ["Fixtures"],  // Read beside the source.
      swiftSettings: strict
    ),
    .target(
      name: "FaultyDisk",
      path: "Tests/FaultyDisk",
      publicHeadersPath: ".",
      linkerSettings: [.linkedLibrary("sqlite3")]
    ),
    // Two of them that share a bot, with people, and what happens to them.
    .target(
      name: "TwoMachines",
      dependencies: ["TestSupport", grdb],
      path: "Tests/Benchmarks/Sources/TwoMachines",
      exclude: ["bucket.py"],  // Read beside the source.
      swiftSettings: strict
    ),
    // End to end: the built executable as a process of its own.
    .testTarget(
      name: "AidevbotTests",
      dependencies: [
        "aidevbot", "Bot", "Installation", "KillPoints", "Ledger", "Messaging", "Metering",
        "Replication", "Sales", "Settings", "TelegramBotAPI", "TestSupport", "TwoMachines", grdb,
      ],
      swiftSettings: strict
    ),
    // The rules of style that the compiler does not keep.
    .testTarget(name: "TidyTests", swiftSettings: strict),
  ]
)

// Everything that is decoded from outside, under libFuzzer; see Tests/Fuzzing/run.
if Context.environment["FUZZING"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzzing",
      dependencies: [
        "Bot", "HTTPTransport", "JSONReading", "LanguageModels", "Ledger", "Markdown", "Messaging",
        "Metering", "Settings", "Software", "TelegramBotAPI", grdb, logging,
      ],
      path: "Tests/Fuzzing",
      exclude: ["Corpus", "run"],
      swiftSettings: strict))
}
