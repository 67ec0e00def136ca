extension VerdictEvent {
    /// The event as JSON text in UTF-8: the same bytes for the same event, read back by `JSONDecoder`.
    public var json: [UInt8] {
        var writer = JSONWriter(reserving: 1024 + regions.count * 256)
        writer.object { w in
            w.field(CodingKeys.schemaVersion, schemaVersion)
            w.field(CodingKeys.type, type)
            w.field(CodingKeys.seq, seq)
            w.field(CodingKeys.epoch, epoch)
            w.field(CodingKeys.durability, durability?.rawValue)
            w.field(CodingKeys.camera, camera)
            w.field(CodingKeys.session, session)
            w.field(CodingKeys.arrival, arrival?.rawValue)
            w.field(CodingKeys.sequence, sequence)
            w.field(CodingKeys.frameHash, frameHash)
            w.field(CodingKeys.partID, partID)
            w.field(CodingKeys.trigger, trigger)
            w.field(CodingKeys.capturedUTCNs, capturedUTCNs)
            w.field(CodingKeys.capturedMonotonicNs, capturedMonotonicNs)
            w.field(CodingKeys.receivedUTCNs, receivedUTCNs)
            w.field(CodingKeys.publishedUTCNs, publishedUTCNs)
            w.key(CodingKeys.latencyNs)
            w.object { w in
                for stage in latencyNs.keys.sorted() {
                    w.key(stage)
                    w.integer(latencyNs[stage] ?? 0)
                }
            }
            w.field(CodingKeys.verdict, verdict.rawValue)
            w.field(CodingKeys.reason, reason?.rawValue)
            w.field(CodingKeys.detail, detail)
            w.key(CodingKeys.regions)
            w.array(regions) { w, region in region.write(to: &w) }
            w.field(CodingKeys.withheld, withheld)
            w.field(CodingKeys.roiRevision, roiRevision)
            w.field(CodingKeys.model, model)
            w.field(CodingKeys.build, build)
        }
        return writer.bytes
    }
}

extension MissingEvent {
    /// The event as JSON text in UTF-8.
    public var json: [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.object { w in
            w.field(CodingKeys.schemaVersion, schemaVersion)
            w.field(CodingKeys.type, type)
            w.field(CodingKeys.seq, seq)
            w.field(CodingKeys.epoch, epoch)
            w.field(CodingKeys.durability, durability?.rawValue)
            w.field(CodingKeys.camera, camera)
            w.field(CodingKeys.session, session)
            w.field(CodingKeys.first, first)
            w.field(CodingKeys.last, last)
            w.field(CodingKeys.publishedUTCNs, publishedUTCNs)
        }
        return writer.bytes
    }
}

extension HeartbeatEvent {
    /// The event as JSON text in UTF-8.
    public var json: [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.object { w in
            w.field(CodingKeys.schemaVersion, schemaVersion)
            w.field(CodingKeys.type, type)
            w.field(CodingKeys.epoch, epoch)
            w.field(CodingKeys.seq, seq)
            w.field(CodingKeys.durability, durability.rawValue)
            w.field(CodingKeys.publishedUTCNs, publishedUTCNs)
        }
        return writer.bytes
    }
}

extension StatusEvent {
    /// The event as JSON text in UTF-8.
    public var json: [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.object { w in
            w.field(CodingKeys.schemaVersion, schemaVersion)
            w.field(CodingKeys.type, type)
            w.field(CodingKeys.condition, condition.rawValue)
            w.field(CodingKeys.detail, detail)
            w.field(CodingKeys.state, state)
            w.field(CodingKeys.publishedUTCNs, publishedUTCNs)
        }
        return writer.bytes
    }
}

extension RegionResult {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { w in
            w.field(CodingKeys.name, name)
            w.field(CodingKeys.verdict, verdict.rawValue)
            w.field(CodingKeys.score, score)
            w.field(CodingKeys.agreement, agreement)
            w.key(CodingKeys.because)
            w.array(because) { $0.string($1) }
            w.field(CodingKeys.defectCount, defectCount)
            w.key(CodingKeys.defects)
            w.array(defects) { w, defect in defect.write(to: &w) }
        }
    }
}

extension Defect {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { w in
            w.key(CodingKeys.box)
            w.array(box) { $0.integer($1) }
            w.field(CodingKeys.areaPx, areaPx)
            w.field(CodingKeys.areaMm2, areaMm2)
            w.key(CodingKeys.centroid)
            w.array(centroid) { $0.number($1) }
            w.field(CodingKeys.score, score)
            w.key(CodingKeys.segmentation)
            w.object { w in
                w.key("size")
                w.array([segmentation.size.height, segmentation.size.width]) { $0.integer($1) }
                w.key("counts")
                w.string(segmentation.counts)
            }
        }
    }
}

extension JSONWriter {
    /// A key and its value; nothing at all for nil.
    fileprivate mutating func field(_ key: some CodingKey, _ value: String?) {
        guard let value else { return }
        self.key(key)
        string(value)
    }

    fileprivate mutating func field(_ key: some CodingKey, _ value: (some FixedWidthInteger)?) {
        guard let value else { return }
        self.key(key)
        integer(value)
    }

    fileprivate mutating func field(_ key: some CodingKey, _ value: Double?) {
        guard let value else { return }
        self.key(key)
        number(value)
    }
}
