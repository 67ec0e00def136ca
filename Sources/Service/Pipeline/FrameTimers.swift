import CoreMetrics

/// Frames' times as distributions, for swift-metrics. The publishing thread's own: a camera's timers are made at its first frame.
struct FrameTimers {
    private struct Camera {
        let total: CoreMetrics.Timer
        /// In the order of `FrameStage.all`.
        let stages: [CoreMetrics.Timer]
    }

    private let factory: any MetricsFactory
    /// By lane.
    private var cameras: [Camera?] = []

    init(_ factory: any MetricsFactory) { self.factory = factory }

    mutating func record(_ record: FrameRecord, _ times: FrameTimes, composedNs: Int64, doneNs: Int64) {
        while cameras.count <= record.lane { cameras.append(nil) }
        let camera = cameras[record.lane] ?? make(record.camera)
        cameras[record.lane] = camera
        camera.total.recordNanoseconds(doneNs - record.receivedNs)
        for stage in FrameStage.all {
            if let time = times.duration(of: stage, composedNs: composedNs, doneNs: doneNs) { camera.stages[stage.index].recordNanoseconds(time) }
        }
    }

    private func make(_ name: String) -> Camera {
        Camera(
            total: CoreMetrics.Timer(label: MetricCatalog.frameSeconds.name, dimensions: [("camera", name)], factory: factory),
            stages: FrameStage.all.map {
                CoreMetrics.Timer(label: MetricCatalog.stageSeconds.name, dimensions: [("camera", name), ("stage", $0.rawValue)], factory: factory)
            })
    }
}
