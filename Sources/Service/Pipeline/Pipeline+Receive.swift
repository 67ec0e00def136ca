import Inspection
import Logging
import Streaming

/// What the receiving thread knows of its cameras.
struct CameraTable {
    struct Camera {
        let lane: Int
        var tracker: SequenceTracker
    }

    let limit: Int
    /// Where counts were before flawd was started, by name.
    private let places: [String: CameraPlace]
    private var lanes: [String: Int] = [:]
    private(set) var cameras: [Camera] = []

    init(limit: Int, places: [String: CameraPlace] = [:]) {
        self.limit = limit
        self.places = places
    }

    /// The camera's lane; a new camera gets the next one, nil when there are too many.
    mutating func lane(_ name: String) -> Int? {
        if let lane = lanes[name] { return lane }
        guard cameras.count < limit else { return nil }
        lanes[name] = cameras.count
        cameras.append(Camera(lane: cameras.count, tracker: SequenceTracker(last: places[name]?.sequence)))
        return cameras.count - 1
    }

    mutating func arrive(_ sequence: UInt64?, lane: Int) -> (sequence: UInt64, arrival: SequenceTracker.Arrival) {
        cameras[lane].tracker.arrive(sequence)
    }
}

extension Pipeline {
    /// The receiving thread.
    func receive(from source: any FrameSource, hand: PipelinePulse.Hand) {
        var table = CameraTable(limit: settings.maxCameras, places: places.read { $0 })
        loop: while phase < .draining {
            hand.work(at: clock.monotonicNs())
            do {
                switch try source.receive(timeoutMs: 200) {
                case .message(let incoming): accept(incoming, &table)
                case .nothing: continue
                case .ended: break loop
                }
            } catch {
                logger.critical("receiving failed: \(error)")
                fail(error)
            }
        }
        drainAtLeisure()
        intake.close()
        orderer.close()
    }

    private func accept(_ incoming: Incoming, _ table: inout CameraTable) {
        switch incoming {
        case .notice: break
        case .rejected(let problem): reject(problem)
        case .unusable(let camera, let sequence, let partID, let problem):
            guard let lane = table.lane(camera) else { return reject(camera: camera) }
            let record = record(camera, sequence: sequence, partID: partID, lane: lane, &table)
            settle(orderer.issue(lane: lane, record: record), .uninspected(.decodeError, problem))
        case .frame(let frame):
            let header = frame.header
            guard let lane = table.lane(header.camera) else { return reject(camera: header.camera) }
            var record = record(header.camera, sequence: header.sequence, partID: header.partID, lane: lane, &table)
            record.trigger = header.trigger
            record.capturedUTCNs = header.capturedUTCNs
            record.capturedMonotonicNs = header.capturedMonotonicNs
            for (index, tap) in stages.taps.enumerated() where tap.hold(frame) { record.hold(frame, for: index) }
            let ticket = orderer.issue(lane: lane, record: record)
            switch intake.push(Queued(ticket: ticket, record: record, frame: frame), lane: lane) {
            case .queued: break
            case .displaced(let oldest):
                settle(oldest.ticket, .uninspected(.overload, "frames of this camera arrive faster than they are inspected"))
            case .closed:
                settle(ticket, .uninspected(.shutdown, "the service stopped before its turn came"))
            }
        }
    }

    /// Counts a frame in.
    private func record(
        _ camera: String, sequence: UInt64?, partID: String?, lane: Int, _ table: inout CameraTable
    ) -> FrameRecord {
        let (number, arrival) = table.arrive(sequence, lane: lane)
        let now = clock.monotonicNs()
        counters.update { $0.arrive(arrival, lane: lane, camera: camera, at: now) }
        var record = FrameRecord(
            camera: camera, lane: lane, sequence: number, partID: partID, receivedUTCNs: clock.utcNs(), receivedNs: now,
            arrival: FrameArrival(arrival))
        switch arrival {
        case .gap(let range): record.missing = range
        case .restart: logger.notice("camera \(camera.debugDescription) counts anew from \(number)", metadata: ["camera": "\(camera)", "sequence": "\(number)"])
        case .first: logger.info("camera \(camera.debugDescription) appeared, counting from \(number)", metadata: ["camera": "\(camera)", "sequence": "\(number)"])
        case .next, .duplicate, .late: break
        }
        return record
    }

    private func reject(camera: String) {
        reject(
            "camera \(camera.prefix(80).debugDescription) is one too many: \(settings.maxCameras) are followed (limits.max_cameras)")
    }

    private func reject(_ problem: String) {
        counters.update { $0.rejected += 1 }
        guard let suppressed = rejections.admit(now: clock.monotonicNs()) else { return }
        logger.warning("message rejected: \(problem)\(suppressed > 0 ? " (and \(suppressed) more)" : "")")
    }
}
