import ServiceLifecycle

/// Looks after frames a few times a second, so that the station's state follows the line.
struct StationService: Service {
    let station: Station
    let pipeline: Pipeline
    var interval = Duration.milliseconds(250)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: interval)) != nil { station.look(frames: pipeline.snapshot.received) }
        }
        station.isStopping()
    }
}
