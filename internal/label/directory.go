package label

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"baize/internal/event"
	"baize/internal/lru"
)

// Bounds of a directory.
const (
	// maxHosts bounds the hosts that are known; the one heard of longest ago leaves.
	maxHosts = 100_000
	// maxImages bounds the images of one host; the one seen longest ago leaves.
	maxImages = 64
	// memory is how long a host, or an image on it, is known after it was last seen.
	memory = 7 * 24 * time.Hour
	// sweepEvery is how often it is looked for what is past its memory.
	sweepEvery = time.Hour
)

// Service names a service of an organisation.
type Service struct{ Org, Name string }

// Sibling is a host of a service.
type Sibling struct {
	event.Host
	Service string `json:"service"`
}

// Directory knows the hosts of each service: those with its label, and those where a
// container of an image with its label was seen. What events tell counts from the
// next Publish on, so that whoever shows it can be told of each change. It is not
// safe for concurrent use.
type Directory struct {
	set   *Set
	hosts *lru.Map[hostKey, known]
	// members are the hosts of each service, by name and id.
	members map[Service][]event.Host
	// news are hosts that have to be looked at again, left are those that are
	// forgotten, swept is when it was last looked for what is past its memory.
	news  map[hostKey]bool
	left  []departed
	swept int64
}

type hostKey struct{ Org, ID string }

// known is what is known of a host.
type known struct {
	Name   string
	Images []image
	// Services that it is counted to, sorted, and As the name by which it is.
	Services []string
	As       string
}

type image struct {
	Name string
	// Seen is when it last was, in nanoseconds.
	Seen int64
}

type departed struct {
	Key  hostKey
	Host known
}

// NewDirectory knows no host and has no labels.
func NewDirectory() *Directory {
	d := &Directory{hosts: lru.New[hostKey, known](maxHosts), members: map[Service][]event.Host{}, news: map[hostKey]bool{}}
	d.hosts.OnRemove(func(key hostKey, h known) { d.left = append(d.left, departed{key, h}) })
	return d
}

// Of are the labels of what happens on a host, see Set.Of.
func (d *Directory) Of(org string, h event.Host, image string) Labels { return d.set.Of(org, h, image) }

// Saw notes that something came from a host, and from a container of an image there,
// "" for none.
func (d *Directory) Saw(org string, h event.Host, name string, now int64) {
	key := hostKey{org, h.ID}
	k := d.hosts.Get(key, now)
	if k == nil {
		k = d.hosts.Put(key, known{}, now)
		d.news[key] = true
	}
	if h.Name != "" && k.Name != h.Name {
		k.Name, d.news[key] = h.Name, true
	}
	if name == "" {
		return
	}
	if at := slices.IndexFunc(k.Images, func(i image) bool { return i.Name == name }); at >= 0 {
		k.Images[at].Seen = max(k.Images[at].Seen, now)
		return
	}
	if len(k.Images) == maxImages {
		k.Images = slices.DeleteFunc(k.Images, same(oldest(k.Images)))
	}
	k.Images, d.news[key] = append(k.Images, image{name, now}), true
}

func same(as image) func(image) bool { return func(i image) bool { return i == as } }

// oldest is the one that was seen longest ago.
func oldest(list []image) image {
	return slices.MinFunc(list, func(a, b image) int { return cmp.Or(cmp.Compare(a.Seen, b.Seen), cmp.Compare(a.Name, b.Name)) })
}

// Assign puts exactly these assignments in force, and publishes.
func (d *Directory) Assign(list []Assignment, now int64) ([]Service, error) {
	set, err := NewSet(list)
	if err != nil {
		return nil, err
	}
	d.set = set
	for key := range d.hosts.All() {
		d.news[key] = true
	}
	return d.Publish(now), nil
}

// Publish has what was seen count, and returns the services whose hosts changed by
// that, in order.
func (d *Directory) Publish(now int64) []Service {
	if now-d.swept >= int64(sweepEvery) {
		d.sweep(now)
	}
	moves := moves{}
	for i := range d.left {
		moves.move(d.left[i].Key, &d.left[i].Host, nil)
	}
	d.left = nil
	for key := range d.news {
		if k := d.hosts.Peek(key); k != nil {
			moves.move(key, k, d.servicesOf(key, k))
		}
	}
	clear(d.news)
	d.follow(moves)
	return slices.SortedFunc(maps.Keys(moves), func(a, b Service) int { return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.Name, b.Name)) })
}

// sweep forgets what was not seen for long.
func (d *Directory) sweep(now int64) {
	d.swept = now
	d.hosts.Expire(now - int64(memory))
	for key, k := range d.hosts.All() {
		before := len(k.Images)
		k.Images = slices.DeleteFunc(k.Images, func(i image) bool { return now-i.Seen > int64(memory) })
		if len(k.Images) != before {
			d.news[key] = true
		}
	}
}

// servicesOf are the services of a host and of the images that were seen there.
func (d *Directory) servicesOf(key hostKey, k *known) []string {
	var list []string
	add := func(name string) {
		if at, found := slices.BinarySearch(list, name); name != "" && !found {
			list = slices.Insert(list, at, name)
		}
	}
	h := event.Host{ID: key.ID, Name: k.Name}
	add(d.set.Of(key.Org, h, "").Service)
	for _, i := range k.Images {
		add(d.set.Of(key.Org, h, i.Name).Service)
	}
	return list
}

// moves are hosts that leave services and come to them.
type moves map[Service]*move

type move struct {
	left map[string]bool
	come []event.Host
}

func (m moves) of(s Service) *move {
	if m[s] == nil {
		m[s] = &move{left: map[string]bool{}}
	}
	return m[s]
}

// move counts a host to services instead of those that it was counted to.
func (m moves) move(key hostKey, k *known, services []string) {
	if k.As == k.Name && slices.Equal(k.Services, services) {
		return
	}
	for _, name := range k.Services {
		m.of(Service{key.Org, name}).left[key.ID] = true
	}
	k.Services, k.As = services, k.Name
	for _, name := range services {
		s := m.of(Service{key.Org, name})
		s.come = append(s.come, event.Host{ID: key.ID, Name: k.As})
	}
}

// follow has moves take place.
func (d *Directory) follow(moves moves) {
	for s, m := range moves {
		list := slices.DeleteFunc(d.members[s], func(h event.Host) bool { return m.left[h.ID] })
		if list = append(list, m.come...); len(list) == 0 {
			delete(d.members, s)
			continue
		}
		slices.SortFunc(list, func(a, b event.Host) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
		d.members[s] = list
	}
}

// MaxSiblings bounds the hosts that Siblings names.
const MaxSiblings = 100

// Siblings are the hosts of some services that are not among those that were hit, in
// the order of services and names, each once; more is how many there are beyond
// MaxSiblings.
func (d *Directory) Siblings(org string, services []string, hit []event.Host) (list []Sibling, more int) {
	seen := make(map[string]bool, len(hit))
	for _, h := range hit {
		seen[h.ID] = true
	}
	for _, name := range services {
		for _, h := range d.members[Service{org, name}] {
			if seen[h.ID] {
				continue
			}
			if len(services) > 1 {
				seen[h.ID] = true
			}
			if len(list) < MaxSiblings {
				list = append(list, Sibling{Host: h, Service: name})
			} else {
				more++
			}
		}
	}
	return list, more
}

// State is a directory as a snapshot keeps it.
type State struct {
	Assignments []Assignment
	Hosts       []Entry
	Left        []Entry
	Swept       int64
}

// Entry is a host of a State.
type Entry struct {
	Org, ID, Name, As string
	Images            []string
	Seen              []int64
	Services          []string
	Used              int64
	News              bool
}

// Keep is the state of the directory.
func (d *Directory) Keep() State {
	s := State{Assignments: d.set.List(), Swept: d.swept}
	for _, item := range d.hosts.Snapshot() {
		e := entry(item.Key, &item.Value)
		e.Used, e.News = item.Used, d.news[item.Key]
		s.Hosts = append(s.Hosts, e)
	}
	for i := range d.left {
		s.Left = append(s.Left, entry(d.left[i].Key, &d.left[i].Host))
	}
	return s
}

func entry(key hostKey, k *known) Entry {
	e := Entry{Org: key.Org, ID: key.ID, Name: k.Name, As: k.As, Services: k.Services}
	for _, i := range k.Images {
		e.Images, e.Seen = append(e.Images, i.Name), append(e.Seen, i.Seen)
	}
	return e
}

func (e *Entry) known() known {
	k := known{Name: e.Name, As: e.As}
	for i, name := range e.Images {
		k.Images = append(k.Images, image{name, e.Seen[i]})
	}
	return k
}

// Restore reads into a new directory what Keep wrote.
func (d *Directory) Restore(s *State) error {
	set, err := NewSet(s.Assignments)
	if err != nil {
		return err
	}
	d.set, d.swept = set, s.Swept
	moves := moves{}
	count := func(e *Entry) known {
		k := e.known()
		as := known{Name: e.As} // the name under which it was counted may be another by now
		moves.move(hostKey{e.Org, e.ID}, &as, e.Services)
		k.Services = e.Services
		return k
	}
	for i := range s.Hosts {
		e := &s.Hosts[i]
		key := hostKey{e.Org, e.ID}
		d.hosts.Put(key, count(e), e.Used)
		if e.News {
			d.news[key] = true
		}
	}
	for i := range s.Left {
		e := &s.Left[i]
		d.left = append(d.left, departed{hostKey{e.Org, e.ID}, count(e)})
	}
	d.follow(moves)
	return nil
}
