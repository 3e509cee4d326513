// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

// Measures the release build of aidevbot, beside the least that it could cost; see README.md.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "JumpingClock", type: .dynamic, targets: ["JumpingClock"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
  ],
  targets: [
    // Runs all the others and prints one table.
    .executableTarget(name: "Suite", dependencies: ["Measuring"], swiftSettings: settings),
    // What they measured, and its bounds.
    .target(name: "Measuring", swiftSettings: settings),
    .target(
      name: "TestSupport",  // The one of the tests, by a link.
      exclude: ["bot-api-subset.json", "FakeBucket.swift", "HTTPTransport+Tests.swift"],
      swiftSettings: settings
    ),
    // The bot as a process, and a Telegram that stands a load.
    .target(name: "Load", dependencies: ["TestSupport", grdb], swiftSettings: settings),
    // In C: what the same work costs at least.
    .executableTarget(
      name: "Floors",
      cSettings: [.unsafeFlags(["-Wall", "-Wextra"])],
      linkerSettings: [.linkedLibrary("curl"), .linkedLibrary("sqlite3")]
    ),
    .executableTarget(
      name: "Benchmark", dependencies: ["Load", "Measuring", "TestSupport"], swiftSettings: settings
    ),
    .executableTarget(
      name: "Streaming", dependencies: ["Load", "Measuring", "TestSupport"], swiftSettings: settings
    ),
    // What commands take on databases of different sizes.
    .executableTarget(
      name: "Figures", dependencies: ["Load", "TestSupport"], swiftSettings: settings),
    // A database of as many rows as one likes.
    .executableTarget(
      name: "BigFile",
      dependencies: ["Load", "TestSupport", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: settings
    ),
    // Those of the bot, by links.
    .target(name: "Installation", swiftSettings: settings),
    .target(name: "Metering", swiftSettings: settings),
    .target(
      name: "Ledger",
      dependencies: ["Installation", "Metering", grdb, sqlite, logging],
      resources: [.embedInCode("Prices/starter-prices.json")],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "Charges", dependencies: ["Ledger", "Measuring", "Metering"], swiftSettings: settings),
    .systemLibrary(
      name: "CMD4C", pkgConfig: "md4c", providers: [.apt(["libmd4c-dev"])]),
    // That of the bot, by a link.
    .target(name: "Markdown", dependencies: ["CMD4C"], swiftSettings: settings),
    .executableTarget(
      name: "Formatting", dependencies: ["Markdown", "Measuring"], swiftSettings: settings),
    .executableTarget(
      name: "Building", dependencies: ["Load", "Measuring", "TestSupport"],
      swiftSettings: settings),
    // Two machines that fail over to each other, again and again.
    .target(
      name: "TwoMachines", dependencies: ["TestSupport", grdb], exclude: ["bucket.py"],
      swiftSettings: settings),
    .target(name: "JumpingClock"),
    .executableTarget(
      name: "Failover", dependencies: ["TwoMachines"], swiftSettings: settings),
    .executableTarget(
      name: "Soak", dependencies: ["Load", "Measuring", "TestSupport", grdb],
      swiftSettings: settings),
  ]
)
