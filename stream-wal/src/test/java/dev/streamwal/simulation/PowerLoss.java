package dev.streamwal.simulation;

/** The power is lost between two calls. */
public final class PowerLoss {

    private PowerLoss() {}

    /** The disk that is left where it had written nothing that it wasn't forced to. */
    public static SimulatedDisk losingAll(SimulatedDisk disk) {
        CrashPoint now = disk.crashPoint(disk.mark());
        return now.state(now.allLost());
    }

    /** The disk that is left where it had written everything. */
    public static SimulatedDisk losingNothing(SimulatedDisk disk) {
        CrashPoint now = disk.crashPoint(disk.mark());
        return now.state(now.allKept());
    }
}
