import CoreMetrics

/// Frames' times as distributions, for swift-metrics. The publishing thread's own: a camera's timer is made at its first frame.
struct FrameTimers {
    private let factory: any MetricsFactory
    /// In the order of `FrameStage.all`.
    private let stages: [CoreMetrics.Timer]
    /// By lane.
    private var cameras: [CoreMetrics.Timer?] = []

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        stages = FrameStage.all.map {
            CoreMetrics.Timer(label: MetricCatalog.stageSeconds.name, dimensions: [("stage", $0.rawValue)], factory: factory)
        }
    }

    mutating func record(_ record: FrameRecord, _ times: FrameTimes, composedNs: Int64, doneNs: Int64) {
        while cameras.count <= record.lane { cameras.append(nil) }
        let timer = cameras[record.lane] ?? CoreMetrics.Timer(
            label: MetricCatalog.frameSeconds.name, dimensions: [("camera", record.camera)], factory: factory)
        cameras[record.lane] = timer
        timer.recordNanoseconds(doneNs - record.receivedNs)
        for stage in FrameStage.all {
            if let time = times.duration(of: stage, composedNs: composedNs, doneNs: doneNs) { stages[stage.index].recordNanoseconds(time) }
        }
    }
}
