package container

import (
	"maps"
	"slices"
	"strings"

	"baize/internal/event"
)

// Labels by which Kubernetes' runtimes know the pod of a container, whichever
// they are.
const (
	labelContainer = "io.kubernetes.container.name"
	labelPod       = "io.kubernetes.pod.name"
	labelNamespace = "io.kubernetes.pod.namespace"
	labelUID       = "io.kubernetes.pod.uid"
)

// Bounds of what people may label a container with, in labels and bytes.
const (
	maxLabels = 64
	maxLabel  = 256
)

// podOf is the pod that labels name, nil for none.
func podOf(labels map[string]string) *event.Pod {
	pod := event.Pod{Name: labels[labelPod], Namespace: labels[labelNamespace], UID: labels[labelUID]}
	if pod == (event.Pod{}) {
		return nil
	}
	return &pod
}

// bounded keeps the first labels by name, cut to their bound.
func bounded(labels map[string]string) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	kept := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if len(kept) == maxLabels {
			break
		}
		kept[cut(name)] = cut(labels[name])
	}
	return kept
}

func cut(text string) string { return strings.ToValidUTF8(text[:min(len(text), maxLabel)], "") }
