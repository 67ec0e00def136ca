import ServiceLifecycle

/// Has the region file read again when it changes: at once where the system says so, else within two seconds.
struct RegionWatcher: Service {
    let reloader: ConfigurationReloader
    let path: @Sendable () -> String
    /// For file systems that say nothing (NFS), files that are links, and folders that are replaced.
    var interval = Duration.seconds(1)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await poll() }
                group.addTask { await watch() }
            }
        }
    }

    private func poll() async {
        while (try? await Task.sleep(for: interval)) != nil { await reloader.reloadChangedRegions(atOnce: false) }
    }

    private func watch() async {
        while !Task.isCancelled {
            let watched = path()
            guard let folder = FolderWatch(of: watched) else { break }
            for await name in folder.closedFiles {
                if name == folder.name { await reloader.reloadChangedRegions(atOnce: true) }
                // A new configuration may have named another file.
                if path() != watched { break }
            }
        }
    }
}
