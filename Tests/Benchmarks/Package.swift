// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

// Measures the release build of aidevbot from outside; see ../README.md.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0")
  ],
  targets: [
    .target(
      name: "TestSupport",  // The one of the tests, by a link.
      exclude: ["bot-api-subset.json", "HTTPTransport+Tests.swift"],
      swiftSettings: settings
    ),
    // The bot as a process, and a Telegram that stands a load.
    .target(name: "Load", dependencies: ["TestSupport"], swiftSettings: settings),
    .executableTarget(
      name: "Benchmark", dependencies: ["Load", "TestSupport"], swiftSettings: settings),
    .executableTarget(
      name: "Streaming", dependencies: ["Load", "TestSupport"], swiftSettings: settings),
    .executableTarget(
      name: "Soak",
      dependencies: ["Load", "TestSupport", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: settings
    ),
  ]
)
