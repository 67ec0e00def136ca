/// Every metric that flawd exports.
public enum MetricCatalog {
    // Cameras.
    static let framesReceived = MetricDescription("flawd_frames_received_total", .counter, labels: ["camera"], "Frames that were received, usable or not.")
    static let verdicts = MetricDescription(
        "flawd_verdicts_total", .counter, labels: ["camera", "verdict"], "Verdicts: pass, review, fail or uninspected.")
    static let uninspected = MetricDescription(
        "flawd_uninspected_total", .counter, labels: ["camera", "reason"], "Frames that were received and not inspected, by reason.")
    static let missingFrames = MetricDescription(
        "flawd_missing_frames_total", .counter, labels: ["camera"], "Frames that the camera counted and that never arrived.")
    static let lateFrames = MetricDescription("flawd_late_frames_total", .counter, labels: ["camera"], "Frames that came after ones with a higher number.")
    static let duplicateFrames = MetricDescription("flawd_duplicate_frames_total", .counter, labels: ["camera"], "Frames with the number of the frame before.")
    static let cameraRestarts = MetricDescription("flawd_camera_restarts_total", .counter, labels: ["camera"], "Times the camera began to count anew.")
    static let modelSeconds = MetricDescription(
        "flawd_model_seconds_total", .counter, labels: ["camera"], "Time that the model took for the camera's frames: encoding and prompting.")
    static let queueFrames = MetricDescription("flawd_queue_frames", .gauge, labels: ["camera"], "Frames that wait to be decoded.")
    static let inFlightFrames = MetricDescription("flawd_in_flight_frames", .gauge, labels: ["camera"], "Frames between receipt and verdict.")
    static let lastFrameAge = MetricDescription("flawd_last_frame_age_seconds", .gauge, labels: ["camera"], "Time since the camera's last frame was received.")
    static let frameSeconds = MetricDescription(
        "flawd_frame_seconds", .histogram, labels: ["camera"], "Time from a frame's receipt until its verdict was committed and published.")

    // The pipeline.
    static let stageSeconds = MetricDescription(
        "flawd_stage_seconds", .histogram, labels: ["camera", "stage"],
        "Where frames' time went: queue, decode, encode, prompt, measure, order (waiting for the camera's earlier frames), commit (journal and socket).")
    static let rejectedMessages = MetricDescription(
        "flawd_rejected_messages_total", .counter, "Messages that name no camera, or one more than limits.max_cameras.")
    static let unpublishedEvents = MetricDescription(
        "flawd_unpublished_events_total", .counter, "Events that the socket refused or that could not be committed.")
    static let queueCapacity = MetricDescription("flawd_queue_capacity_frames", .gauge, "Frames of one camera that may wait (pipeline.queue_per_camera).")
    static let deadline = MetricDescription("flawd_deadline_seconds", .gauge, "pipeline.deadline_ms; absent where there is none.")
    static let healthy = MetricDescription("flawd_healthy", .gauge, "1 while the pipeline makes progress, as /healthz says.")
    static let ready = MetricDescription("flawd_ready", .gauge, "1 while frames are taken, inspected and committed, as /readyz says.")
    static let statusEvents = MetricDescription("flawd_status_events_total", .counter, labels: ["condition"], "Status events that were published.")
    static let buildInfo = MetricDescription("flawd_build_info", .gauge, labels: ["build", "model"], "1; content hashes of the program and of the model.")

    // Journal, recording and disks.
    static let journalSeq = MetricDescription("flawd_journal_seq", .gauge, "The highest number that an event was given.")
    static let journalBytes = MetricDescription("flawd_journal_bytes", .gauge, "Size of the journal's file and its write-ahead log.")
    static let journalBallast = MetricDescription("flawd_journal_ballast_bytes", .gauge, "Room that is kept for the day that the disk is full; 0: it was needed.")
    static let journalFailing = MetricDescription("flawd_journal_failing", .gauge, "1 while verdicts wait to be committed because that failed.")
    static let commitFailures = MetricDescription("flawd_journal_commit_failures_total", .counter, "Attempts to commit that failed.")
    static let diskFree = MetricDescription(
        "flawd_disk_free_bytes", .gauge, labels: ["what"], "Room for flawd's user on the disk of the journal and of the recordings.")
    static let diskSize = MetricDescription("flawd_disk_size_bytes", .gauge, labels: ["what"], "Size of those disks.")
    static let recordingStopped = MetricDescription("flawd_recording_stopped", .gauge, "1 while frames should be recorded and are not.")
    static let recordedFrames = MetricDescription("flawd_recorded_frames_total", .counter, "Frames that were recorded.")
    static let unrecordedFrames = MetricDescription("flawd_unrecorded_frames_total", .counter, "Frames that should have been recorded and were not.")
    static let recordingWaiting = MetricDescription("flawd_recording_waiting_bytes", .gauge, "Payloads that wait to be recorded.")

    // The process.
    static let httpRequests = MetricDescription("flawd_http_requests_total", .counter, labels: ["path", "code"], "HTTP requests that were answered.")
    static let refusedSeries = MetricDescription(
        "flawd_metrics_refused_series_total", .counter, "Series that were not kept because there are too many, or another kind has the name.")
    static let cpuSeconds = MetricDescription("process_cpu_seconds_total", .counter, "User and system time that the process took.")
    static let residentBytes = MetricDescription("process_resident_memory_bytes", .gauge, "Memory of the process that is in RAM.")
    static let virtualBytes = MetricDescription("process_virtual_memory_bytes", .gauge, "Address space of the process.")
    static let openDescriptors = MetricDescription("process_open_fds", .gauge, "Open file descriptors.")
    static let descriptorLimit = MetricDescription("process_max_fds", .gauge, "File descriptors that the process may open.")
    static let threads = MetricDescription("process_threads", .gauge, "Threads of the process.")
    static let startTime = MetricDescription("process_start_time_seconds", .gauge, "When the process began, in seconds since 1970.")

    public static let all = [
        framesReceived, verdicts, uninspected, missingFrames, lateFrames, duplicateFrames, cameraRestarts, modelSeconds, queueFrames, inFlightFrames,
        lastFrameAge, frameSeconds, stageSeconds, rejectedMessages, unpublishedEvents, queueCapacity, deadline, healthy, ready, statusEvents, buildInfo,
        journalSeq, journalBytes, journalBallast, journalFailing, commitFailures, diskFree, diskSize, recordingStopped, recordedFrames, unrecordedFrames,
        recordingWaiting, httpRequests, refusedSeries, cpuSeconds, residentBytes, virtualBytes, openDescriptors, descriptorLimit, threads, startTime,
    ]
}
