// swift-tools-version: 6.1
import PackageDescription

// Flags that every target shares. The kernels assume AVX2 and FMA on x86-64 (checked once when a
// model is loaded); without `-mfma` a SIMD multiply-add becomes a call into libm.
extension [SwiftSetting] {
    static var flawd: [SwiftSetting] {
        var settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]
        #if arch(x86_64)
        settings.append(.unsafeFlags(["-Xcc", "-march=x86-64-v3"]))
        #endif
        return settings
    }
}

// The page that the daemon serves is part of the program.
let page = [
    "index.html", "style.css", "app.js", "audit.js", "dom.js", "drawing.js", "limits.js", "live.js", "masks.js", "regions.js", "review.js", "server.js",
]

let package = Package(
    name: "flawd",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "flawd", targets: ["flawd"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        // Without its own configuration files and without what needs all of Foundation.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    ],
    targets: [
        .executableTarget(
            name: "flawd",
            dependencies: [
                "Service", "Streaming", "Inspection", "SelfPerception", "SegmentAnything", "Imaging", "Tensor",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: .flawd),
        .target(
            name: "Service",
            dependencies: [
                "Streaming", "Inspection", "SelfPerception", "SegmentAnything", "Imaging",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            resources: [.embedInCode("Resources/health.schema.json")] + page.map { .embedInCode("Resources/Page/\($0)") },
            swiftSettings: .flawd),
        .target(
            name: "Streaming",
            dependencies: ["CZeroMQ", "CMosquitto", "CLZ4", "CZstd", "CDeflate", "Imaging", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: .flawd),
        .target(
            name: "Inspection",
            dependencies: [
                "SelfPerception", "SegmentAnything", "Imaging",
                .product(name: "Yams", package: "Yams"),
            ],
            resources: [.embedInCode("Resources/verdict.schema.json"), .embedInCode("Resources/regions.schema.json")],
            swiftSettings: .flawd),
        .target(
            name: "SelfPerception",
            dependencies: ["SegmentAnything", "Imaging", "Tensor"],
            resources: [.copy("Resources/nano.safetensors")],
            swiftSettings: .flawd),
        .target(
            name: "SegmentAnything",
            dependencies: ["Imaging", "Tensor", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: .flawd),
        .target(name: "Imaging", dependencies: ["CJPEG", "CPNG"], swiftSettings: .flawd),
        .target(name: "Tensor", dependencies: ["COpenBLAS", "CProcessor"], swiftSettings: .flawd),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CProcessor"),
        .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CLZ4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CDeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "CMosquitto", providers: [.apt(["libmosquitto-dev"])]),
        .testTarget(name: "TensorTests", dependencies: ["Tensor"], swiftSettings: .flawd),
        .testTarget(name: "ImagingTests", dependencies: ["Imaging"], swiftSettings: .flawd),
        .testTarget(
            name: "SegmentAnythingTests", dependencies: ["SegmentAnything", "Imaging", "Tensor"],
            exclude: ["Fixtures"], swiftSettings: .flawd),
        .testTarget(
            name: "SelfPerceptionTests", dependencies: ["SelfPerception", "SegmentAnything", "Imaging", "Tensor"],
            resources: [.copy("Fixtures")], swiftSettings: .flawd),
        .testTarget(
            name: "InspectionTests", dependencies: ["Inspection", "SelfPerception", "SegmentAnything", "Imaging"],
            swiftSettings: .flawd),
        .testTarget(
            name: "CommandTests", dependencies: ["flawd", "Service", "Streaming", "Inspection", "SelfPerception", "SegmentAnything", "Imaging"],
            swiftSettings: .flawd),
        .testTarget(
            name: "StreamingTests", dependencies: ["Streaming", "CMosquitto", "Imaging", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: .flawd),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "Service", "Streaming", "Inspection", "SelfPerception", "Imaging", .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Hummingbird", package: "hummingbird"), .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: .flawd),
    ]
)
