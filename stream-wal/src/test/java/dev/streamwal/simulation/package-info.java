/**
 * A disk in memory that can lose power, fail and lie, and what is run on it. Begin with {@link dev.streamwal.simulation.SimulatedDisk},
 * which states the fault model; {@link dev.streamwal.simulation.CrashExplorer} lets logs crash on it, {@link
 * dev.streamwal.simulation.Promise} says what is expected of them.
 */
package dev.streamwal.simulation;
