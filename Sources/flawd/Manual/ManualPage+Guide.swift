extension ManualPage {
    /// flawd-guide(7): from the installation to a line that runs for months.
    static let guide = ManualPage(
        name: "flawd-guide", section: 7, purpose: "installing flawd, the first camera, what a verdict means, and what to do when something fails",
        blocks: beginning + meaning + operating + changing,
        seeAlso: ["flawd(1)", "flawd.yaml(5)", "flawd-regions(5)", "flawd-events(7)"])

    private static let beginning: [Block] = [
        .heading("Install"),
        .paragraph("On Debian 12: `apt install ./flawd_VERSION_amd64.deb`. Elsewhere, from the sources, `deploy/install --prefix /usr/local`. The "
            + "processor must have AVX2 and FMA; a GPU is not needed. `flawd demo` shows a synthetic line at work, and that the machine is fit."),
        .paragraph("The service is neither enabled nor started by the installation: it must be told about cameras first."),
        .heading("The first camera in ten minutes"),
        .paragraph("1. Make the camera publish on ZeroMQ: `/usr/share/doc/flawd/examples` has programs for it, or send a folder of JPEGs as one:"),
        .code("flawd replay PICTURES --camera line1/top --loop"),
        .paragraph("2. Write its address into `/etc/flawd/flawd.yaml` (`subscribe.connect`), and what is to be inspected into `/etc/flawd/regions.yaml`, "
            + "in pixels of a frame whose size is `reference_size`. Then look at what the model would be asked:"),
        .code("flawd check --config /etc/flawd/flawd.yaml"),
        .paragraph("3. Start, and watch verdicts come:"),
        .code("systemctl enable --now flawd\nflawd watch\njournalctl -u flawd"),
        .paragraph("4. Try a good and a bad part on one picture each, and then set limits by evidence (see below):"),
        .code("flawd segment part.jpg --box 40,60,600,420"),
        .paragraph("With `http: {bind: 127.0.0.1:9640}` in the configuration a browser on this machine shows the line at `http://127.0.0.1:9640/`, "
            + "where regions are drawn on the live picture, tried and saved, limits are set by evidence, and verdicts reviewed. It writes the region "
            + "file, which under systemd has to lie in flawd's own folder: `regions: /var/lib/flawd/regions.yaml`. Who reaches it from elsewhere comes "
            + "through a proxy (`http.hosts`), and changes things with a token (`flawd tokens add`, `http.tokens`)."),
        .paragraph("Several lines on one machine: `/etc/flawd/LINE/flawd.yaml` for each, with addresses and a journal of its own under "
            + "`/var/lib/flawd@LINE`, and `systemctl enable --now flawd@LINE`."),
    ]

    private static let meaning: [Block] = [
        .heading("What a verdict means"),
        .paragraph("Every frame that was received gets exactly one verdict, and a camera's verdicts leave in the order of its frames."),
        .entry("pass", "Every region was inspected and is within its limits. It is the word of a model at a limit, not a proof: it says nothing about what "
            + "lies outside the regions, what the light hides, defects unlike those the limits were measured on, or frames that never came."),
        .entry("review", "Between the limits, or the model's two passes disagree more than the region allows. A rejector treats it as a fail unless you "
            + "decide otherwise."),
        .entry("fail", "A region's score reached `fail_score` and more than `max_defects` defects count, or a defect is larger than allowed."),
        .entry("uninspected", "Nobody looked, and `reason` says why. On a line that is a part that escapes: a rejector stops it."),
        .paragraph("So a gateway lets a part go on `pass` and on nothing else, and stops it when no verdict has come in time. A `missing` event says that "
            + "frames were taken and never arrived: those parts were not inspected."),
        .heading("Tuning"),
        .paragraph("Limits belong in the region file and are to be measured on parts of your own, good and bad ones, that the model was not tuned on:"),
        .code("flawd calibrate --good OK --defective NOK --regions regions.yaml --camera line1/top --max-escape 2% --output new.yaml\n"
            + "flawd replay RECORDING.mcap --gate --regions new.yaml"),
        .paragraph("The first finds limits that hold on frames it has put aside, with intervals, or says how many parts are missing for the claim. The "
            + "second inspects last week's frames again and shows every verdict that would change. Where the model itself is not good enough, "
            + "`flawd tune` teaches it your defects, and `flawd evaluate` measures it."),
        .paragraph("When verdicts come too late: `flawd bench frame` says what a frame takes. `view: frame` lets regions share an encoding; fewer "
            + "`auto` and `grid` prompts, and smaller numbers of regions help; `pipeline.deadline_ms` gives up what would be too late anyway."),
    ]

    private static let operating: [Block] = [
        .heading("Nothing is lost"),
        .paragraph("Every frame that flawd received has exactly one durable row in the journal before its verdict is published; frames that never came are "
            + "recorded as missing. A PUB socket drops what a subscriber does not take, so one that must not miss anything asks for the rest: "
            + "flawd-events(7), and `subscriber.py` among the examples. A PLC is best fed by a small gateway that does what that program does, and sets an "
            + "output where it prints."),
        .heading("Recovery"),
        .entry("flawd does not start", "`journalctl -u flawd` and `flawd check --config /etc/flawd/flawd.yaml` name the file and the line. After ten failed "
            + "starts within five minutes systemd gives up: `systemctl reset-failed flawd`, then start it."),
        .entry("It was killed, or the power failed", "It starts again by itself. What a camera sent meanwhile is recorded as missing."),
        .entry("status/event says journal_failing", "The disk is full or failing, or another program holds the journal. Verdicts wait, further frames "
            + "become uninspected (overload), and after five seconds flawd ends. Make room: nothing that was published is lost."),
        .entry("The journal is damaged", "`flawd journal verify FILE` says what still holds. Move the file away: flawd begins a new one, with a new epoch, and "
            + "`flawd journal export` still reads the old one."),
        .entry("systemctl reload flawd fails", "The new files are not usable, and the message says where; what was in force stays. Without `control:` in the "
            + "configuration the reload has no way to ask: `systemctl kill -s HUP flawd` reads the files again, and the log says how it went."),
        .entry("systemd starts it anew, and the log says stuck", "A thread did not come back from one piece of work within `pipeline.stall_s`; the log names it."),
        .entry("halted, and nothing passes", "A golden sample was judged wrongly (`golden_wrong` names it): light, lens, model or limits are no longer what "
            + "they were. Mend that, `flawd golden` inspects the samples again, and `flawd golden --acknowledge` lets parts pass."),
        .entry("recording_stopped", "The disk has less room than `recording.reserve_mb`, or refuses. Verdicts go on; recording does by itself once there is room."),
        .entry("mqtt_disconnected", "The broker is away. Events wait in the journal and are sent in order once it is back; `mqtt_lost` says which were too old by then."),
        .entry("key_denied", "Somebody connected whose key is not in the list: `flawd keys add` lets them in, within a second or two."),
        .entry("regions_refused", "The new region file has a mistake, and the old one is still in force. `flawd check --regions FILE` says where."),
        .entry("Everything is uninspected", "`reason` says why. no_region: the camera's name in the region file is not the one that it sends; decode_error: "
            + "pictures arrive damaged; overload or deadline: the machine is too slow for this rate."),
        .entry("A verdict is doubted", "`flawd verify SEQ --config /etc/flawd/flawd.yaml` computes it again from the recorded frame and says whether it is the same."),
    ]

    private static let changing: [Block] = [
        .heading("Upgrading"),
        .paragraph("`apt install ./flawd_NEW_amd64.deb` keeps your configuration, asks where the package's example has changed too, and restarts the lines "
            + "that run; journals and recordings go on. Before it, prove on recordings that verdicts stay what they are: build or unpack the new "
            + "program and run its `flawd replay RECORDING.mcap --gate --config /etc/flawd/flawd.yaml`. Each event names program, model and region file "
            + "by their hashes, so a change can be told afterwards. Where a new program brings new weights for nano, adapters of the old ones are "
            + "refused: tune them again, or keep the old `nano.safetensors` and name it as `model:`."),
        .heading("Removing"),
        .paragraph("`apt remove flawd` stops the lines and keeps configuration and state. `apt purge flawd` removes the package's configuration, and asks "
            + "whether journals and recordings under `/var/lib` are to go too; without an answer they stay. Unattended: "
            + "`echo flawd flawd/purge-state boolean true | debconf-set-selections`, while flawd is still installed. Files that you made in `/etc/flawd` stay."),
    ]
}
