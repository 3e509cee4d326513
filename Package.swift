// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "aidevbot",
  platforms: [.macOS(.v15)],
  targets: [
    // HTTP over libcurl: knows neither Telegram nor JSON.
    .systemLibrary(
      name: "CCurl",
      pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"])]
    ),
    .target(name: "HTTPTransport", dependencies: ["CCurl"], swiftSettings: strict),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(
      name: "HTTPTransportTests",
      dependencies: ["HTTPTransport", "TestSupport"],
      swiftSettings: strict
    ),
  ]
)
