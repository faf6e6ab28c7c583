/**
 * Backups of logs: {@link dev.streamwal.backup.BackupFolder} keeps them, {@link dev.streamwal.backup.SegmentImport} makes a log of files.
 *
 * <pre>{@code
 * BackupFolder backups = BackupFolder.at(Path.of("/mnt/backup/telemetry"));
 * BackupReport report = backups.backUp(Path.of("telemetry"));
 * backups.restore(backups.points().get(0), Path.of("telemetry-restored"));
 * }</pre>
 */
@NullMarked
package dev.streamwal.backup;

import org.jspecify.annotations.NullMarked;
