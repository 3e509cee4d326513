// swift-tools-version: 6.2
import PackageDescription

// Measures the release build of aidevbot from outside; see ../README.md.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  targets: [
    .target(
      name: "TestSupport",  // The one of the tests, by a link.
      exclude: ["bot-api-subset.json"],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
      ]
    ),
    .executableTarget(name: "Benchmark", dependencies: ["TestSupport"]),
  ]
)
